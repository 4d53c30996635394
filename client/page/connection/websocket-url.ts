/**
 * The address of an endpoint of the server that a page came from.
 *
 * @param page - the page's own address; `wss` for a page that came over https, otherwise `ws`
 * @param path - the endpoint's path, such as `/ws`
 */
export function webSocketUrlOf(page: { readonly protocol: string; readonly host: string }, path: string): string {
  return `${page.protocol === 'https:' ? 'wss' : 'ws'}://${page.host}${path}`;
}

/**
 * Says in a sentence what is wrong with an address, or returns `undefined` if a WebSocket can be opened to it.
 *
 * Browsers do not agree here: newer ones read `hello` as a path on the page's own host and `http:` as `ws:`, older
 * ones throw. A person who debugs a connection wants exactly the address that is in the box, so both are refused.
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
  // The URL parser drops an empty fragment, but RFC 6455 section 3 forbids that as well.
  if (text.includes('#')) {
    return `"${text}" has a fragment (#). WebSocket URLs must not have one.`;
  }
  return undefined;
}
