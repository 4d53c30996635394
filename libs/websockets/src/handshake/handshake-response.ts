import { validateHeaderName, validateHeaderValue, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';

/** The response to a WebSocket request, over HTTP/1.1 or HTTP/2. */
export type HandshakeResponse = ServerResponse | Http2ServerResponse;

/** Headers of the response that accepts a WebSocket. A list becomes several lines, as cookies need it. */
export type HandshakeHeaders = Readonly<Record<string, string | string[]>>;

/** Headers that belong to the handshake itself, or to a body. */
const NOT_FOR_HANDSHAKES =
  /^(?:connection|keep-alive|upgrade|trailer|transfer-encoding|content-(?:encoding|length|type)|sec-websocket-.*)$/i;

/**
 * The headers of the pipeline's response that go out with the handshake, such as cookies of middleware and guards.
 *
 * @throws TypeError for characters that a header may not contain, such as a line break
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

/** `writeHead` and `end` without the overloads in which the two kinds of response differ. */
interface Answering {
  writeHead(status: number, ...rest: unknown[]): unknown;
  end(...rest: unknown[]): unknown;
}

/**
 * Intercepts the response of the HTTP pipeline that accepts a handshake. By then hooks and middleware have done what they
 * do when a response is sent, such as saving a session and setting its cookie.
 *
 * @param accepting gives the status that accepts, once `accept()` was called; undefined before that
 * @param onAccepted gets all headers of that response instead of its being sent
 * @param changeStatus maps the status of any other response
 */
export function interceptAcceptance(
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

/** Makes a response ignore further calls: the framework answers when the handler is done, long after the exchange. */
export function ignoreLaterAnswers(response: HandshakeResponse): void {
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
  // Access logs show the status that the client got, whatever the framework sets later.
  Object.defineProperty(response, 'statusCode', { get: () => statusCode, set: () => {} });
}
