import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, TLSSocket, type SecureContext } from 'node:tls';
import type { Target } from './connection.js';

/** What all connections read into: each read is dealt with before the next one. */
const readBuffer = Buffer.allocUnsafeSlow(256 * 1024);

let secureContext: SecureContext | undefined;

/**
 * Connects to a server, with TLS where it wants that.
 *
 * @param onRead takes what a read brought: the first `length` bytes. It returns whether to go on reading
 */
export function openSocket(
  { host, port, protocol }: Pick<Target, 'host' | 'port' | 'protocol'>,
  onRead: (bytes: Buffer, length: number) => boolean,
): Socket {
  const onread = { buffer: readBuffer, callback: (length: number) => onRead(readBuffer, length) };
  const options = { host, port, onread };
  if (protocol === 'http') {
    return connectTcp(options).setNoDelay();
  }
  // The same version and cipher with every server; made once, because it is dear.
  secureContext ??= createSecureContext({ minVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_GCM_SHA256' });
  const secureOptions = {
    ...options,
    secureContext,
    ALPNProtocols: [protocol === 'h2' ? 'h2' : 'http/1.1'],
    // The certificate was made for this run. It is taken as it is, and costs the load no time.
    rejectUnauthorized: false,
  };
  return connectTls(secureOptions).setNoDelay();
}

const corked = new Set<Socket>();

/**
 * Writes to a connection; over TLS, what is written in one turn of the event loop leaves together. A read of TCP brings
 * all that has come, but one of TLS is one record: answered one by one, records would only ever become smaller.
 */
export function writeTo(socket: Socket, bytes: Buffer): void {
  if (socket instanceof TLSSocket && !corked.has(socket)) {
    if (corked.size === 0) {
      setImmediate(uncork);
    }
    corked.add(socket);
    socket.cork();
  }
  socket.write(bytes);
}

function uncork(): void {
  corked.forEach((socket) => socket.uncork());
  corked.clear();
}

/** Ends a connection; where that can be done with a reset, which leaves no port waiting. */
export function endSocket(socket: Socket): void {
  if (socket instanceof TLSSocket) {
    socket.destroy();
  } else {
    socket.resetAndDestroy();
  }
}
