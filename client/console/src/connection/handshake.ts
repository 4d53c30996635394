import type { ClientRequest, IncomingMessage } from 'node:http';

/** A header. Its name has the case in which it was sent. */
export type Header = readonly [name: string, value: string];

/** The head of a request, as it was sent. */
export interface RequestHead {
  /** Such as `GET /ws HTTP/1.1`. */
  readonly line: string;
  readonly headers: readonly Header[];
}

/** The head of a response, as it was received. */
export interface ResponseHead {
  /** `1.1` or `2` */
  readonly httpVersion: string;
  readonly status: number;
  /** The reason phrase; empty in HTTP/2. */
  readonly statusText: string;
  readonly headers: readonly Header[];
}

/** The request and the response of a handshake. */
export interface Handshake {
  readonly request: RequestHead;
  readonly response: ResponseHead;
}

/** The head of a request over HTTP/1.1, which may not have been sent yet. */
export function requestHead(request: ClientRequest): RequestHead {
  const headers = request
    .getRawHeaderNames()
    .flatMap((name) => [request.getHeader(name) ?? []].flat().map((value): Header => [name, String(value)]));
  return { line: `${request.method} ${request.path} HTTP/1.1`, headers };
}

/** The head of a response over HTTP/1.1. */
export function responseHead(response: IncomingMessage): ResponseHead {
  const { httpVersion, statusCode = 0, statusMessage = '', rawHeaders } = response;
  const headers = rawHeaders.flatMap((name, index): Header[] =>
    index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? '']] : [],
  );
  return { httpVersion, status: statusCode, statusText: statusMessage, headers };
}

/** The first value of a header. The case of its name does not matter. */
export function headerValue({ headers }: Pick<ResponseHead, 'headers'>, name: string): string | undefined {
  return headers.find(([candidate]) => candidate.toLowerCase() === name.toLowerCase())?.[1];
}

/** The first line of a response, such as `HTTP/1.1 101 Switching Protocols`. */
export function statusLine({ httpVersion, status, statusText }: ResponseHead): string {
  return `HTTP/${httpVersion} ${status} ${statusText}`.trimEnd();
}
