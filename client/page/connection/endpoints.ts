import { webSocketUrlOf } from './websocket-url.js';

/** First messages for the endpoints that do not accept arbitrary messages. */
const FIRST_MESSAGES: Readonly<Record<string, string>> = {
  '/rpc': '{"event":"add","data":{"id":1,"numbers":[1,2.5]}}',
  '/background': 'Is anybody here?',
};

/** A first message that an endpoint of this server understands; `undefined` if it accepts any message. */
export function firstMessageFor(path: string): string | undefined {
  return FIRST_MESSAGES[path];
}

/** Whether a text is one of the suggested first messages, so that another suggestion may replace it. */
export function isFirstMessage(text: string): boolean {
  return Object.values(FIRST_MESSAGES).includes(text);
}

/** Whether the diagnostics stream shows a WebSocket: one to this server, except to the lab, which writes each byte itself. */
export function isObserved(url: string, page: { readonly host: string }): boolean {
  const { host, pathname } = new URL(url);
  return host === page.host && !/^\/(?:lab|websocket)(?:\/|$)/i.test(pathname);
}

/** Whether a URL is an endpoint of this server that echoes messages unchanged. */
export function isOwnEcho(url: string, page: { readonly protocol: string; readonly host: string }): boolean {
  return ['/ws', '/'].some((path) => url.split('?', 1)[0] === webSocketUrlOf(page, path));
}
