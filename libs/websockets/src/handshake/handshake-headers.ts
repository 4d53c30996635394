import { validateHeaderName, validateHeaderValue, type OutgoingHttpHeaders } from 'node:http';

/** Headers of the answer that accepts a WebSocket. A list is sent line by line, as cookies need it. */
export type HandshakeHeaders = Readonly<Record<string, string | string[]>>;

/** What the handshake itself says, and what is said of a body: the answer has none. */
const NOT_FOR_HANDSHAKES =
  /^(?:connection|keep-alive|upgrade|trailer|transfer-encoding|content-(?:encoding|length|type)|sec-websocket-.*)$/i;

/**
 * What was set on the response by the time that a WebSocket is accepted, by middleware, guards or the method, goes out
 * with the handshake: cookies, for instance.
 *
 * @param headers of the response
 * @throws TypeError at what no header may contain, such as the end of a line
 */
export function headersForHandshake(headers: OutgoingHttpHeaders): HandshakeHeaders {
  const chosen: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !NOT_FOR_HANDSHAKES.test(name)) {
      const values = [value].flat().map(String);
      validateHeaderName(name);
      values.forEach((one) => validateHeaderValue(name, one));
      chosen[name] = values.length === 1 ? values[0] : values;
    }
  }
  return chosen;
}
