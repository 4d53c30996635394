import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, createSecureContext } from 'node:tls';
import { check } from './messages.js';

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
  constructor(
    readonly stream: Duplex,
    private readonly isEncrypted: boolean,
    readonly isCompressed: boolean,
  ) {}

  /**
   * Writes bytes, which must not change until they are sent. A read of TCP brings all bytes that have arrived, but a read
   * of TLS only one record. Over TLS, writes of one turn of the event loop are therefore sent together. Otherwise, the
   * records would become smaller with each echo.
   */
  write(bytes: Buffer): void {
    const { stream } = this;
    if (this.isEncrypted && stream.writableCorked === 0) {
      stream.cork();
      setImmediate(() => stream.uncork());
    }
    stream.write(bytes);
  }
}

/** A new key per handshake (RFC 6455, section 4.1) makes no difference to a server, so one is enough. */
const KEY = Buffer.alloc(16, 'nest-ws-echo').toString('base64');
const ACCEPT = createHash('sha1').update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
/** Without context takeover a message can be compressed once and sent many times. */
const COMPRESSION = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';

/** The same version and cipher for each server. It is expensive to make, so it is made once. */
const secureContext = createSecureContext({ minVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_GCM_SHA256' });
/** The certificate is made for the benchmark, so it is not checked. */
const tls = { secureContext, rejectUnauthorized: false };

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
    if (this.streams++ % 4 === 0) {
      this.session = connectSession(this.target);
    }
    const session = await this.session!;
    const stream = session.request({
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':path': this.target.path,
      'sec-websocket-version': '13',
    });
    const [{ ':status': status }] = (await once(stream, 'response')) as [{ ':status': number }];
    check(status === 200, `status ${status} instead of 200`);
    stream.on('data', (bytes: Buffer) => deliver(stream, receiver, bytes, 0, bytes.length));
    stream.once('error', (error) => receiver.onEnd(error));
    stream.once('close', () => {
      receiver.onEnd();
      session.close();
    });
    return new Connection(stream, true, false);
  }
}

/** Uses the receive windows of Chromium, so that flow control does not limit large messages. */
async function connectSession({ host, port }: Target): Promise<ClientHttp2Session> {
  const settings = { enablePush: false, initialWindowSize: 6 * 1024 * 1024 };
  const session = connectHttp2(`https://${host}:${port}`, { ...tls, settings });
  // The streams report the error.
  session.on('error', () => {});
  await once(session, 'remoteSettings');
  session.setLocalWindowSize(15 * 1024 * 1024);
  return session;
}

/** Opens a WebSocket over HTTP/1.1. `onread` spares the load a buffer and an event per read. */
function openSocket(target: Target, offersCompression: boolean, receiver: Receiver): Promise<Connection> {
  const { host, port, transport } = target;
  return new Promise((resolve, reject) => {
    let response = '';
    let isOpen = false;
    const onRead = (length: number): boolean => {
      let start = 0;
      if (!isOpen) {
        const before = response.length;
        response += readBuffer.toString('latin1', 0, length);
        const end = response.indexOf('\r\n\r\n');
        if (end === -1) {
          return true;
        }
        try {
          resolve(new Connection(socket, transport === 'https', isCompressionAccepted(response.slice(0, end))));
        } catch (error) {
          socket.destroy(error as Error);
        }
        isOpen = true;
        start = end + 4 - before;
      }
      if (start < length) {
        deliver(socket, receiver, readBuffer, start, length);
      }
      return true;
    };
    const options = { host, port, onread: { buffer: readBuffer, callback: onRead } };
    const socket: Socket =
      transport === 'http' ? connectTcp(options) : connectTls({ ...options, ...tls, ALPNProtocols: ['http/1.1'] });
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

function deliver(stream: Duplex, receiver: Receiver, bytes: Buffer, start: number, end: number): void {
  try {
    receiver.onBytes(bytes, start, end);
  } catch (error) {
    stream.destroy(error as Error);
  }
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
  const header = (name: string): string => new RegExp(`^${name}: *(.*)$`, 'im').exec(response)?.[1].trim() ?? '';
  check(response.startsWith('HTTP/1.1 101 '), `"${response.split('\r\n', 1)[0]}" instead of a handshake`);
  check(header('Sec-WebSocket-Accept') === ACCEPT, 'a wrong Sec-WebSocket-Accept');
  const extensions = header('Sec-WebSocket-Extensions');
  const isCompressed = extensions.startsWith('permessage-deflate');
  check(!isCompressed || extensions.includes('server_no_context_takeover'), `the extensions "${extensions}"`);
  return isCompressed;
}
