import { isIP, SocketAddress, type Socket } from 'node:net';
import { setPeer, type Peer } from './node-internals.js';

/*
 * The PROXY protocol of HAProxy, versions 1 and 2: a proxy that passes a TCP connection on begins it with a header that tells
 * the addresses of the connection that it got. https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt
 */

/** How long the header may take to arrive, in ms. */
const HEADER_TIMEOUT = 5000;

/** The first bytes of version 2. As many of version 1 cannot be the whole header either. */
const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

/** The longest header of version 1, with its line break, in bytes. */
const MAX_LINE = 107;

/** A header of version 1. After `UNKNOWN` anything may stand. */
const LINE =
  /^PROXY (?:UNKNOWN(?: [^\r\n]*)?|TCP([46]) ([\da-fA-F.:]+) ([\da-fA-F.:]+) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4}))\r\n$/;

/** The families of version 2, by their byte, and the bytes that their addresses and ports take. */
const FAMILIES: ReadonlyMap<
  number,
  { readonly name: 'unspecified' | 'IPv4' | 'IPv6' | 'unix'; readonly length: number }
> = new Map([
  [0x00, { name: 'unspecified', length: 0 }],
  [0x11, { name: 'IPv4', length: 12 }],
  [0x21, { name: 'IPv6', length: 36 }],
  [0x31, { name: 'unix', length: 216 }],
]);

/** A header that is not one of the PROXY protocol. */
class MalformedHeader extends Error {}

/** Reads the headers of connections, until the application closes. */
export class ProxyProtocol {
  private readonly waiting = new Set<Socket>();

  /** @param timeout how long a header may take to arrive, in ms */
  constructor(private readonly timeout = HEADER_TIMEOUT) {}

  /**
   * Reads the header of a connection, which has the client's address from then on, and hands the connection over. One without
   * a right header is destroyed, since its client could have any address.
   */
  readHeader(socket: Socket, handOver: (socket: Socket) => unknown): void {
    const destroy = (): unknown => socket.destroy();
    const timer = setTimeout(destroy, this.timeout);
    this.waiting.add(socket);
    socket.once('close', () => this.forget(socket, timer));
    // A reset is not an error of the server.
    socket.on('error', destroy);
    readPeer(socket).then((peer) => {
      this.forget(socket, timer);
      socket.off('error', destroy);
      if (peer !== undefined) {
        setPeer(socket, peer);
      }
      if (!socket.destroyed) {
        handOver(socket);
      }
    }, destroy);
  }

  /** Ends the connections whose header has not arrived. */
  close(): void {
    this.waiting.forEach((socket) => socket.destroy());
  }

  private forget(socket: Socket, timer: NodeJS.Timeout): void {
    clearTimeout(timer);
    this.waiting.delete(socket);
  }
}

/**
 * The client that the header tells; undefined where it tells none, as for the health checks of a proxy.
 *
 * @throws MalformedHeader
 */
async function readPeer(socket: Socket): Promise<Peer | undefined> {
  const start = await read(socket, SIGNATURE.length);
  return start.equals(SIGNATURE) ? readBinary(socket) : readLine(socket, start.toString('latin1'));
}

/** Version 1: a line of text. Not a byte after it is read. */
async function readLine(socket: Socket, start: string): Promise<Peer | undefined> {
  let line = start;
  while (line.startsWith('PROXY ') && !line.endsWith('\n') && line.length < MAX_LINE) {
    line += (await read(socket, 1)).toString('latin1');
  }
  const match = LINE.exec(line);
  if (match === null) {
    throw new MalformedHeader();
  }
  const [, version, source, destination, ...ports] = match;
  if (version === undefined) {
    return undefined;
  }
  const areAddresses = [source, destination].every((address) => isIP(address) === Number(version));
  if (!areAddresses || ports.some((port) => Number(port) > 65_535)) {
    throw new MalformedHeader();
  }
  return version === '4'
    ? { address: source, port: Number(ports[0]), family: 'IPv4' }
    : { address: canonicalIPv6(source), port: Number(ports[0]), family: 'IPv6' };
}

/** Version 2: version and command, family, length, addresses, and further values, which are left out. */
async function readBinary(socket: Socket): Promise<Peer | undefined> {
  const head = await read(socket, 4);
  const body = await read(socket, head.readUInt16BE(2));
  const isLocal = head[0] === 0x20;
  const family = FAMILIES.get(head[1]);
  if (isLocal) {
    return undefined;
  }
  if (head[0] !== 0x21 || family === undefined || body.length < family.length) {
    throw new MalformedHeader();
  }
  switch (family.name) {
    case 'IPv4':
      return { address: body.subarray(0, 4).join('.'), port: body.readUInt16BE(8), family: 'IPv4' };
    case 'IPv6':
      return { address: textOfIPv6(body.subarray(0, 16)), port: body.readUInt16BE(32), family: 'IPv6' };
    default:
      return undefined;
  }
}

function textOfIPv6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16));
  return canonicalIPv6(groups.join(':'));
}

/** An address in the form in which Node.js has those of peers. */
function canonicalIPv6(address: string): string {
  return new SocketAddress({ address, family: 'ipv6' }).address;
}

/** Reads so many bytes, and leaves those behind them to the next reader. @throws MalformedHeader at the end */
async function read(socket: Socket, length: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let missing = length;
  while (missing > 0) {
    // Not more than has arrived: a listener that leaves bytes is called again and again.
    const bytes = socket.read(Math.min(missing, socket.readableLength)) as Buffer | null;
    if (bytes !== null) {
      chunks.push(bytes);
      missing -= bytes.length;
    } else if (socket.readableEnded || socket.destroyed) {
      throw new MalformedHeader();
    } else {
      await somethingToRead(socket);
    }
  }
  return Buffer.concat(chunks);
}

function somethingToRead(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      socket.off('readable', wake).off('end', wake).off('close', wake);
      resolve();
    };
    socket.on('readable', wake).on('end', wake).on('close', wake);
  });
}
