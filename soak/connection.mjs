// WebSockets that send any bytes, over HTTP/1.1, TLS and HTTP/2.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';
import { Receiver, Sender } from 'ws';

export const OPCODE = { text: 1, binary: 2, close: 8, pong: 10 };

/** The bytes of a frame of a client. @param fields the differences to a whole, masked frame */
export function frame(opcode, payload, fields = {}) {
  const options = { fin: true, rsv1: false, mask: true, readOnly: true, opcode, ...fields };
  return Buffer.concat(Sender.frame(Buffer.from(payload), options));
}

/** The head of a handshake over HTTP/1.1. */
export function handshakeHead(path, headers = {}) {
  const lines = Object.entries({
    Host: 'localhost',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** Opens a TCP or TLS connection. */
export async function openSocket({ ports }, transport, options = {}) {
  const isSecure = transport === 'https';
  const at = { port: ports[isSecure ? 'https' : 'http'], host: '127.0.0.1', noDelay: true, ...options };
  const socket = isSecure ? tls.connect({ ...at, rejectUnauthorized: false }) : net.connect(at);
  await once(socket, isSecure ? 'secureConnect' : 'connect');
  return socket.on('error', () => {});
}

/** Opens an HTTP/2 connection, and waits until the server permits extended CONNECT (RFC 8441). */
export async function openSession({ ports }) {
  const session = http2.connect(`https://127.0.0.1:${ports.https}`, { rejectUnauthorized: false });
  await once(session, 'remoteSettings');
  return session.on('error', () => {});
}

/** Begins a handshake over HTTP/2. */
export function connectOver(session, path, headers = {}) {
  const connect = { ':method': 'CONNECT', ':protocol': 'websocket', ':path': path, 'sec-websocket-version': '13' };
  return session.request({ ...connect, ...headers }, { endStream: false }).on('error', () => {});
}

/** Reads the head of a response, and leaves the bytes after it. */
async function readHead(socket) {
  let head = '';
  while (!head.endsWith('\r\n\r\n')) {
    const byte = socket.read(1);
    if (byte !== null) {
      head += byte.toString('latin1');
    } else {
      const ended = once(socket, 'close').then(() => Promise.reject(new Error(`The handshake was cut: ${head}`)));
      await Promise.race([once(socket, 'readable'), ended]);
      ended.catch(() => {});
    }
  }
  return head;
}

export class Connection {
  messages = [];
  waiting;
  /** The stream of the frames. */
  stream;
  cutTransport;
  /** The code of the close frame of the server. */
  closeCode;

  /**
   * Makes a handshake.
   *
   * @param transport `http`, `https` or `h2`
   * @throws Error when the server does not accept
   */
  static async open(server, transport, path, headers = {}) {
    if (transport === 'h2') {
      const session = await openSession(server);
      const stream = connectOver(session, path, headers);
      const [response] = await once(stream, 'response');
      if (response[':status'] !== 200) {
        session.destroy();
        throw new Error(`The handshake at ${path} got ${response[':status']}.`);
      }
      stream.once('close', () => session.close());
      return new Connection(stream, () => session.destroy());
    }
    const socket = await openSocket(server, transport);
    socket.write(handshakeHead(path, headers));
    const head = await readHead(socket);
    if (!head.startsWith('HTTP/1.1 101 ')) {
      socket.destroy();
      throw new Error(`The handshake at ${path} got: ${head.split('\r\n', 1)[0]}`);
    }
    return new Connection(socket, () => (transport === 'http' ? socket.resetAndDestroy() : socket.destroy()));
  }

  constructor(stream, cut) {
    this.stream = stream;
    this.cutTransport = cut;
    const receiver = new Receiver({ isServer: false, maxPayload: 64 * 1024 ** 2 });
    receiver.on('message', (data, isBinary) => this.take({ data, isBinary }));
    receiver.on('ping', (payload) => this.send(OPCODE.pong, payload));
    receiver.on('conclude', (code) => {
      this.closeCode = code;
      if (!stream.writableEnded) {
        this.send(OPCODE.close, code === 1005 ? '' : closePayload(code));
      }
      this.readOn(receiver);
    });
    receiver.on('error', () => this.readOn(receiver));
    stream.pipe(receiver);
    stream.once('close', () => this.take(undefined));
  }

  /** Reads to the end without the receiver, which accepts no data after a close frame or a fault. */
  readOn(receiver) {
    this.stream.unpipe(receiver);
    this.stream.resume();
  }

  take(message) {
    if (this.waiting === undefined) {
      this.messages.push(message);
    } else {
      this.waiting(message);
      this.waiting = undefined;
    }
  }

  send(opcode, payload, fields) {
    return this.stream.write(frame(opcode, payload, fields));
  }

  /** The next message; undefined when the connection has ended. */
  next() {
    return this.messages.length > 0
      ? Promise.resolve(this.messages.shift())
      : new Promise((resolve) => (this.waiting = resolve));
  }

  /** Resolves when the connection has ended. */
  async ended() {
    if (!this.stream.closed) {
      await once(this.stream, 'close');
    }
  }

  /** Performs the close handshake of RFC 6455. @returns the code in the server's close frame */
  async close(code = 1000) {
    this.send(OPCODE.close, closePayload(code));
    await this.ended();
    return this.closeCode;
  }

  /** Ends the connection without a close frame: with a reset where the transport has one. */
  cut() {
    this.cutTransport();
  }
}

function closePayload(code) {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return payload;
}
