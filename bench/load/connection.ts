import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, createSecureContext } from 'node:tls';
import { check } from './frames.js';

/** HTTP/1.1 over TCP, HTTP/1.1 over TLS, or HTTP/2 over TLS. */
export type Transport = 'http' | 'https' | 'h2';

/** Where the server listens, and how WebSockets reach it. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly transport: Transport;
}

/** Receives the bytes of a WebSocket after its handshake. */
export interface Receiver {
  /** `bytes` from `start` to `end`, valid during the call only. An error that it throws ends the connection. */
  onBytes(bytes: Buffer, start: number, end: number): void;
  /** The connection has ended, by the server or by `error`. It may be called twice; the first call counts. */
  onEnd(error?: Error): void;
}

/** A WebSocket whose handshake is done. */
export class Connection {
  private isReading = true;

  constructor(
    private readonly stream: Duplex,
    private readonly receiver: Receiver,
    private readonly transport: Transport,
    readonly isCompressed: boolean,
  ) {}

  /** How many bytes the kernel has not taken yet. */
  get bytesWaiting(): number {
    return this.stream.writableLength;
  }

  /**
   * Writes bytes, which must not change until they are sent. A read of TCP brings all bytes that have arrived, but a read
   * of TLS only one record. Over TLS, writes of one turn of the event loop are therefore sent together. Otherwise, the
   * records would become smaller with each echo.
   */
  write(bytes: Buffer): void {
    const { stream } = this;
    if (this.transport !== 'http' && stream.writableCorked === 0) {
      stream.cork();
      setImmediate(() => stream.uncork());
    }
    stream.write(bytes);
  }

  /** Stops reading after the next read. HTTP/1.1 only. */
  pause(): void {
    this.isReading = false;
  }

  resume(): void {
    this.isReading = true;
    this.stream.resume();
  }

  destroy(): void {
    this.stream.destroy();
  }

  /** @returns whether to go on reading */
  deliver(bytes: Buffer, start: number, end: number): boolean {
    try {
      this.receiver.onBytes(bytes, start, end);
    } catch (error) {
      this.stream.destroy(error as Error);
    }
    return this.isReading;
  }
}

/** A new key per handshake (RFC 6455, section 4.1) makes no difference to a server, so one is enough. */
const KEY = Buffer.alloc(16, 'nest-ws-echo').toString('base64');
const ACCEPT = createHash('sha1').update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
/** Without context takeover a message can be compressed once and sent many times. */
const COMPRESSION = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';

/** The same version and cipher for each server. It is expensive to make, so it is made once. */
const secureContext = createSecureContext({ minVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_GCM_SHA256' });

/** All sockets read into this buffer, because each read is processed before the next one. */
const readBuffer = Buffer.allocUnsafeSlow(256 * 1024);

/** Opens WebSockets to one server. */
export class Connector {
  private session: Promise<ClientHttp2Session> | undefined;
  private streams = 0;

  constructor(private readonly target: Target) {}

  /** Resolves after the handshake. @throws EchoError if the server does not accept it */
  open(offersCompression: boolean, receiver: Receiver): Promise<Connection> {
    return this.target.transport === 'h2'
      ? this.openStream(receiver)
      : openSocket(this.target, offersCompression, receiver);
  }

  /** Four WebSockets share one HTTP/2 connection (RFC 8441). */
  private async openStream(receiver: Receiver): Promise<Connection> {
    const { host, port, path } = this.target;
    if (this.streams++ % 4 === 0) {
      this.session = connectSession(`https://${host}:${port}`);
    }
    const session = await this.session!;
    const stream = session.request({
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':path': path,
      'sec-websocket-version': '13',
    });
    const [{ ':status': status }] = (await once(stream, 'response')) as [{ ':status': number }];
    check(status === 200, `status ${status} instead of 200`);
    const connection = new Connection(stream, receiver, 'h2', false);
    stream.on('data', (bytes: Buffer) => connection.deliver(bytes, 0, bytes.length));
    stream.once('error', (error) => receiver.onEnd(error));
    stream.once('close', () => receiver.onEnd());
    stream.once('close', () => session.close());
    return connection;
  }
}

/** Uses the receive windows of Chromium, so that flow control does not limit large messages. */
async function connectSession(url: string): Promise<ClientHttp2Session> {
  const settings = { enablePush: false, initialWindowSize: 6 * 1024 * 1024 };
  const session = connectHttp2(url, { secureContext, rejectUnauthorized: false, settings });
  // The streams report the error.
  session.on('error', () => {});
  await once(session, 'remoteSettings');
  session.setLocalWindowSize(15 * 1024 * 1024);
  return session;
}

/** The certificate is made for the benchmark, so it is not checked. */
const tls = { secureContext, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] };

/** Opens a WebSocket over HTTP/1.1. `onread` spares the load a buffer and an event per read. */
function openSocket(target: Target, offersCompression: boolean, receiver: Receiver): Promise<Connection> {
  const { host, port, transport } = target;
  return new Promise((resolve, reject) => {
    let response = '';
    let connection: Connection | undefined;
    const onResponse = (length: number): void => {
      const before = response.length;
      response += readBuffer.toString('latin1', 0, length);
      const end = response.indexOf('\r\n\r\n');
      if (end === -1) {
        return;
      }
      const isCompressed = isCompressionAccepted(response.slice(0, end));
      connection = new Connection(socket, receiver, transport, isCompressed);
      resolve(connection);
      const rest = end + 4 - before;
      if (rest < length) {
        connection.deliver(readBuffer, rest, length);
      }
    };
    const callback = (length: number): boolean => {
      if (connection) {
        return connection.deliver(readBuffer, 0, length);
      }
      try {
        onResponse(length);
      } catch (error) {
        socket.destroy(error as Error);
      }
      return true;
    };
    const options = { host, port, onread: { buffer: readBuffer, callback } };
    const socket: Socket = transport === 'http' ? connectTcp(options) : connectTls({ ...options, ...tls });
    socket.setNoDelay();
    const onEnd = (error?: Error): void => {
      reject(error ?? new Error('The server closed the connection during the handshake.'));
      receiver.onEnd(error);
    };
    socket.once('error', onEnd);
    socket.once('close', () => onEnd());
    socket.write(handshakeRequest(target, offersCompression));
  });
}

function handshakeRequest({ host, port, path }: Target, offersCompression: boolean): string {
  return [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${KEY}`,
    ...(offersCompression ? [`Sec-WebSocket-Extensions: ${COMPRESSION}`] : []),
    '\r\n',
  ].join('\r\n');
}

/**
 * @param response status line and headers
 * @throws EchoError if it does not accept the handshake
 */
function isCompressionAccepted(response: string): boolean {
  const [statusLine, ...fields] = response.split('\r\n');
  check(statusLine.startsWith('HTTP/1.1 101 '), `"${statusLine}" instead of a handshake`);
  const headers = new Map(
    fields.map((field) => {
      const colon = field.indexOf(':');
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
    }),
  );
  check(headers.get('sec-websocket-accept') === ACCEPT, 'a wrong Sec-WebSocket-Accept');
  const extensions = headers.get('sec-websocket-extensions') ?? '';
  const isCompressed = extensions.startsWith('permessage-deflate');
  check(!isCompressed || extensions.includes('server_no_context_takeover'), `the extensions "${extensions}"`);
  return isCompressed;
}
