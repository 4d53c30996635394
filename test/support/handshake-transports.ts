import { once } from 'node:events';
import { constants, type OutgoingHttpHeaders } from 'node:http2';
import type { INestApplication } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { makeCertificate } from './certificate.js';
import { connectHeaders, Http2Client, type Http2Exchange } from './http2-client.js';
import { startNestApp, type NestApp, type NestAppParts } from './nest-app.js';
import { platforms, type Platform } from './platforms.js';
import { handshake, RawClient, requestHead, type Headers } from './raw-client.js';

/** The answer to a handshake: a WebSocket, or an ordinary response. */
export interface HandshakeAnswer {
  readonly isAccepted: boolean;
  readonly status: number;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, unknown>>;
  /** The body of an ordinary response. */
  readonly body: string;
  /** The client's end of the connection or stream. */
  readonly client: RawClient | Http2Exchange;
}

/** A client that waits for its answer, and the ways in which it may leave. */
export interface WaitingClient {
  /** Resets the connection or the stream. */
  reset(): void;
  /** Ends the connection without a response. */
  destroy(): void;
  /** Ends its half alone: the answer can still reach it. */
  end(): void;
  /** Resolves when the server has ended the connection or the stream. */
  readonly gone: Promise<unknown>;
}

/** An application, and handshakes with it. */
export interface HandshakeApp extends NestApp {
  /**
   * Sends a valid handshake, with these headers changed, and waits for the answer.
   *
   * @param early bytes that are sent together with it
   */
  shakeHands(path: string, headers?: Headers, early?: Uint8Array): Promise<HandshakeAnswer>;
  /** Sends a valid handshake, and does not wait for the answer. */
  beginHandshake(path: string, headers?: Headers): Promise<WaitingClient>;
  /** Sends an ordinary GET. */
  get(path: string, headers?: Headers): Promise<{ readonly status: number; readonly body: string }>;
}

/** A platform of Nest, and the version of HTTP beneath the WebSockets. */
export type HandshakeTransport = readonly [
  name: string,
  start: (parts: NestAppParts, prepare?: (app: INestApplication) => unknown) => Promise<HandshakeApp>,
];

async function startOverHttp1(
  createAdapter: Platform[1],
  ...args: Parameters<HandshakeTransport[1]>
): Promise<HandshakeApp> {
  const nest = await startNestApp(createAdapter, ...args);
  return {
    ...nest,
    async shakeHands(path, headers, early = Buffer.alloc(0)) {
      const client = await RawClient.connect(nest.port);
      client.write(Buffer.concat([Buffer.from(handshake(path, headers)), early]));
      const response = await client.readResponse();
      return { ...response, isAccepted: response.status === 101, client };
    },
    async beginHandshake(path, headers) {
      const client = await RawClient.connect(nest.port);
      client.write(handshake(path, headers));
      return {
        reset: () => client.reset(),
        destroy: () => client.destroy(),
        end: () => client.end(),
        gone: once(client.socket.resume(), 'end'),
      };
    },
    async get(path, headers) {
      const client = await RawClient.connect(nest.port);
      client.write(requestHead(`GET ${path} HTTP/1.1`, { Host: 'localhost', ...headers }));
      return client.readResponse().then(({ status, body }) => ({ status, body }));
    },
  };
}

/** Names in lower case (RFC 9113 section 8.2), and :authority instead of Host. */
function http2Headers(headers: Headers = {}): OutgoingHttpHeaders {
  const fields = Object.entries(headers).map(([name, value]) => {
    const lowerCase = name.toLowerCase();
    return [lowerCase === 'host' ? ':authority' : lowerCase, typeof value === 'object' ? [...value] : value] as const;
  });
  return Object.fromEntries(fields);
}

async function startOverHttp2(...args: Parameters<HandshakeTransport[1]>): Promise<HandshakeApp> {
  const { cert, key } = await makeCertificate();
  const https = { cert, key, settings: { enableConnectProtocol: true } };
  const nest = await startNestApp(() => new FastifyAdapter({ http2: true, https }) as AbstractHttpAdapter, ...args);
  const connect = (): Promise<Http2Client> => Http2Client.connect(`https://${nest.host}`, cert);
  return {
    ...nest,
    async shakeHands(path, headers, early) {
      const exchange = await (await connect()).connect(path, http2Headers(headers), early);
      const status = Number(exchange.status);
      const isAccepted = status >= 200 && status < 300;
      const body = isAccepted ? '' : await exchange.readBody();
      return { isAccepted, status, headers: exchange.head, body, client: exchange };
    },
    async beginHandshake(path, headers) {
      const { session } = await connect();
      const stream = session.request(
        { ...connectHeaders, ':path': path, ...http2Headers(headers) },
        { endStream: false },
      );
      stream.on('error', () => {});
      return {
        reset: () => stream.close(constants.NGHTTP2_CANCEL),
        destroy: () => session.destroy(),
        end: () => stream.end(),
        gone: once(stream.resume(), 'close'),
      };
    },
    async get(path, headers) {
      const exchange = await (await connect()).request({ ':path': path, ...http2Headers(headers) });
      return { status: Number(exchange.status), body: await exchange.readBody() };
    },
  };
}

/** Each platform with each version of HTTP; for `describe.each`. Express has no HTTP/2. */
export const handshakeTransports: readonly HandshakeTransport[] = [
  ...platforms.map(([name, createAdapter]): HandshakeTransport => [
    `${name} and HTTP/1.1`,
    (...args) => startOverHttp1(createAdapter, ...args),
  ]),
  ['Fastify and HTTP/2', startOverHttp2],
];
