import { readFile } from 'node:fs/promises';
import type { INestApplication } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Http2Client, type Http2Exchange } from './http2-client.js';
import { makeCertificateFiles } from './https-app.js';
import { startNestApp, type NestApp, type NestAppParts } from './nest-app.js';
import { platforms } from './platforms.js';
import { handshake, RawClient, type Headers } from './raw-client.js';

/** What came of a handshake: a WebSocket, or an ordinary response. */
export interface HandshakeAnswer {
  readonly isAccepted: boolean;
  readonly status: number;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, unknown>>;
  /** Of an ordinary response. */
  readonly body: string;
  /** The client's end, from here on. */
  readonly client: RawClient | Http2Exchange;
}

/** An application, and how to shake hands with it. */
export interface HandshakeApp extends NestApp {
  /** Sends a right handshake, but for what `headers` change, and waits for the answer. */
  shakeHands(path: string, headers?: Headers): Promise<HandshakeAnswer>;
}

/** A platform of Nest, and the version of HTTP beneath the WebSockets. */
export type HandshakeTransport = readonly [
  name: string,
  start: (parts: NestAppParts, prepare?: (app: INestApplication) => void) => Promise<HandshakeApp>,
];

async function shakeHandsOverHttp1(port: number, path: string, headers: Headers = {}): Promise<HandshakeAnswer> {
  const client = await RawClient.connect(port);
  client.write(handshake(path, headers));
  const response = await client.readResponse();
  return { ...response, isAccepted: response.status === 101, client };
}

async function shakeHandsOverHttp2(client: Http2Client, path: string, headers: Headers = {}): Promise<HandshakeAnswer> {
  const { Host: authority, ...others } = headers;
  const exchange = await client.connect(path, {
    ...(authority === undefined ? {} : { ':authority': String(authority) }),
    ...others,
  });
  const status = Number(exchange.status);
  const isAccepted = status >= 200 && status < 300;
  const body = isAccepted ? '' : await exchange.readBody();
  return { isAccepted, status, headers: exchange.head, body, client: exchange };
}

async function startOverHttp2(parts: NestAppParts, prepare?: (app: INestApplication) => void): Promise<HandshakeApp> {
  const files = await makeCertificateFiles();
  const [cert, key] = await Promise.all([readFile(files.cert, 'utf8'), readFile(files.key, 'utf8')]);
  const https = { cert, key, settings: { enableConnectProtocol: true } };
  const createAdapter = (): AbstractHttpAdapter => new FastifyAdapter({ http2: true, https });
  const nest = await startNestApp(createAdapter, parts, prepare);
  return {
    ...nest,
    shakeHands: async (path, headers) =>
      shakeHandsOverHttp2(await Http2Client.connect(`https://${nest.host}`, cert), path, headers),
  };
}

/** All that a handshake can come over; for `describe.each`. Express has no HTTP/2. */
export const handshakeTransports: readonly HandshakeTransport[] = [
  ...platforms.map(([name, createAdapter]): HandshakeTransport => [
    `${name} and HTTP/1.1`,
    async (parts, prepare) => {
      const nest = await startNestApp(createAdapter, parts, prepare);
      return { ...nest, shakeHands: (path, headers) => shakeHandsOverHttp1(nest.port, path, headers) };
    },
  ]),
  ['Fastify and HTTP/2', startOverHttp2],
];
