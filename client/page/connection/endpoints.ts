import { webSocketUrlOf } from './websocket-url.js';

/** Endpoints of this server where anything may be sent do not need a first message; these do. */
const FIRST_MESSAGES: Readonly<Record<string, string>> = {
  '/rpc': '{"event":"add","data":{"id":1,"numbers":[1,2.5]}}',
  '/background': 'Is anybody here?',
};

/** A first message that an endpoint of this server understands, or `undefined` where any message will do. */
export function firstMessageFor(path: string): string | undefined {
  return FIRST_MESSAGES[path];
}

/** Whether a text is one of the offered first messages, so that another offer may replace it. */
export function isFirstMessage(text: string): boolean {
  return Object.values(FIRST_MESSAGES).includes(text);
}

/** Whether an address is an endpoint of this server that sends back exactly what it gets. */
export function isOwnEcho(url: string, page: { readonly protocol: string; readonly host: string }): boolean {
  return ['/ws', '/'].some((path) => url.split('?', 1)[0] === webSocketUrlOf(page, path));
}
