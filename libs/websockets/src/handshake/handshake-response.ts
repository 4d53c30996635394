import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';

/** The response to a WebSocket request, over HTTP/1.1 or HTTP/2. */
export type HandshakeResponse = ServerResponse | Http2ServerResponse;

/** `writeHead` and `end` as they are called here, whatever overloads the two kinds of response have. */
interface Answering {
  writeHead(status: number, ...rest: unknown[]): unknown;
  end(...rest: unknown[]): unknown;
}

/**
 * Catches the answer that accepts a handshake when the HTTP pipeline has made it: what hooks and middleware do as a
 * response is sent, such as setting the cookie of a session and saving it, is done by then.
 *
 * @param accepting the status that accepts, once `accept()` was called; undefined before that
 * @param onAccepted gets all headers of the answer, when it would have ended
 * @param changeStatus of other answers
 */
export function catchAcceptance(
  response: HandshakeResponse,
  accepting: () => number | undefined,
  onAccepted: (headers: OutgoingHttpHeaders) => void,
  changeStatus: (status: number) => number = (status) => status,
): void {
  const answering = response as Answering;
  const writeHead = answering.writeHead.bind(response);
  const end = answering.end.bind(response);
  let headers: OutgoingHttpHeaders | undefined;
  answering.writeHead = (status, ...rest) => {
    if (status !== accepting()) {
      headers = undefined;
      return writeHead(changeStatus(status), ...rest);
    }
    for (const [name, value] of givenHeaders(rest)) {
      response.setHeader(name, value);
    }
    headers = response.getHeaders();
    return response;
  };
  answering.end = (...rest) => {
    if (headers === undefined && !response.headersSent && response.statusCode === accepting()) {
      answering.writeHead(response.statusCode);
    }
    if (headers === undefined) {
      return end(...rest);
    }
    answering.writeHead = writeHead;
    answering.end = end;
    onAccepted(headers);
    return response;
  };
}

/** The headers among the arguments of `writeHead`: an object, or names and values in turn. */
function givenHeaders(args: readonly unknown[]): [string, string | string[]][] {
  const given = args.find((argument) => typeof argument === 'object' && argument !== null) ?? {};
  const flat = Array.isArray(given) ? (given.flat() as string[]) : undefined;
  return flat === undefined
    ? Object.entries(given as Record<string, string | string[]>)
    : flat.flatMap((name, i): [string, string][] => (i % 2 === 0 ? [[name, flat[i + 1]]] : []));
}

/** The framework answers once the handler is done. By then the WebSocket may have ended, and the exchange long has. */
export function silence(response: HandshakeResponse): void {
  const { statusCode } = response;
  const chain = (): HandshakeResponse => response;
  Object.assign(response, {
    appendHeader: chain,
    flushHeaders: () => {},
    removeHeader: () => {},
    setHeader: chain,
    writeHead: chain,
    write: () => true,
    end: chain,
  });
  // Access logs tell what the client was told, whatever the framework sets later.
  Object.defineProperty(response, 'statusCode', { get: () => statusCode, set: () => {} });
}
