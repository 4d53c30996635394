/**
 * The URL of an endpoint on the server of a page.
 *
 * @param page - the page's own URL; `wss` for a page over https, otherwise `ws`
 * @param path - the endpoint's path, such as `/ws`
 */
export function webSocketUrlOf(page: { readonly protocol: string; readonly host: string }, path: string): string {
  return `${page.protocol === 'https:' ? 'wss' : 'ws'}://${page.host}${path}`;
}

/**
 * Describes the fault of a URL in a sentence, or returns `undefined` if a WebSocket can be opened to it.
 *
 * Browsers disagree here: newer ones read `hello` as a path on the page's own host and `http:` as `ws:`, older
 * ones throw. For debugging, the URL must be exactly the one in the box, so both are rejected.
 */
export function problemWithUrl(text: string): string | undefined {
  if (text.trim() === '') {
    return 'Enter the URL of a WebSocket server, for example wss://example.com/ws.';
  }
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return `"${text}" is not a valid URL. A WebSocket URL looks like wss://example.com/ws.`;
  }
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') {
    return `"${text}" is not a WebSocket URL. It has to start with ws:// or wss://.`;
  }
  // The URL parser drops an empty fragment, but RFC 6455 section 3 forbids it as well.
  if (text.includes('#')) {
    return `"${text}" has a fragment (#). WebSocket URLs must not have one.`;
  }
  return undefined;
}
