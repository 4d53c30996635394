import { isIP, SocketAddress, type Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import { setPeer, type Peer } from './node-internals.js';

/*
 * The PROXY protocol of HAProxy, versions 1 and 2. A proxy opens a TCP connection for each connection of a client, and sends a
 * header first, which tells the addresses of the client's connection.
 * https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt
 */

/** How long the header may take to arrive, in ms. */
const HEADER_TIMEOUT = 5000;

/** The first bytes of version 2. A whole header of version 1 is longer than that. */
const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

/** The longest header of version 1, with its line break, in bytes. */
const MAX_LINE = 107;

/** A header of version 1. `UNKNOWN` may be followed by any text. */
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

/** A connection that does not begin with a header of the PROXY protocol. */
class MalformedHeader extends Error {}

/** Reads the headers of connections, until the application closes. */
export class ProxyProtocol {
  private readonly logger = new Logger('PROXY');
  private readonly waiting = new Set<Socket>();

  /** @param timeout how long a header may take to arrive, in ms */
  constructor(private readonly timeout = HEADER_TIMEOUT) {}

  /**
   * Reads the header of a connection, gives the connection the client's address, and hands it over. A connection without a
   * right header is destroyed, because its client could have any address.
   */
  readHeader(socket: Socket, handOver: (socket: Socket) => unknown): void {
    const destroy = ({ message }: Error): void => {
      if (!socket.destroyed) {
        // Not read before the header: the socket would remember it.
        const peer = socket.remoteAddress;
        this.logger.debug(`Connection${peer === undefined ? '' : ` of ${peer}`} refused: ${message}`);
        socket.destroy();
      }
    };
    const timer = setTimeout(
      () => destroy(new MalformedHeader(`no header of the PROXY protocol within ${this.timeout} ms`)),
      this.timeout,
    );
    this.waiting.add(socket);
    socket.once('close', () => this.forget(socket, timer));
    // A reset is not an error of the server.
    socket.on('error', destroy);
    readPeer(socket).then((client) => {
      this.forget(socket, timer);
      socket.off('error', destroy);
      if (client !== undefined) {
        setPeer(socket, client);
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

/** Version 1: a line of text. No byte after it is read. */
async function readLine(socket: Socket, start: string): Promise<Peer | undefined> {
  let line = start;
  while (line.startsWith('PROXY ') && !line.endsWith('\n') && line.length < MAX_LINE) {
    line += (await read(socket, 1)).toString('latin1');
  }
  const match = LINE.exec(line);
  if (match === null) {
    throw new MalformedHeader(`it begins with ${quoted(line)}, not with a header of the PROXY protocol`);
  }
  const [, version, source, destination, ...ports] = match;
  if (version === undefined) {
    return undefined;
  }
  const areAddresses = [source, destination].every((address) => isIP(address) === Number(version));
  if (!areAddresses || ports.some((port) => Number(port) > 65_535)) {
    throw new MalformedHeader(`the header ${quoted(line)} has a bad address or port`);
  }
  return version === '4'
    ? { address: source, port: Number(ports[0]), family: 'IPv4' }
    : { address: canonicalIPv6(source), port: Number(ports[0]), family: 'IPv6' };
}

/** A line of a client in quotation marks, without characters that control a terminal. */
function quoted(line: string): string {
  return JSON.stringify(line).replaceAll(/[^ -~]/g, '?');
}

/** Version 2: version and command, family, length, addresses, and further values, which are ignored. */
async function readBinary(socket: Socket): Promise<Peer | undefined> {
  const head = await read(socket, 4);
  const body = await read(socket, head.readUInt16BE(2));
  const isLocal = head[0] === 0x20;
  const family = FAMILIES.get(head[1]);
  if (isLocal) {
    return undefined;
  }
  if (head[0] !== 0x21 || family === undefined || body.length < family.length) {
    const fields = head.toString('hex');
    throw new MalformedHeader(`the header of version 2 has a bad version, command, family or length: 0x${fields}`);
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

/** An address in the form of `socket.remoteAddress`. */
function canonicalIPv6(address: string): string {
  return new SocketAddress({ address, family: 'ipv6' }).address;
}

/** Reads `length` bytes, and leaves those behind them to the next reader. @throws MalformedHeader at the end */
async function read(socket: Socket, length: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let missing = length;
  while (missing > 0) {
    // At most what has arrived. If a listener of `readable` takes nothing, it is called again at once.
    const bytes = socket.read(Math.min(missing, socket.readableLength)) as Buffer | null;
    if (bytes !== null) {
      chunks.push(bytes);
      missing -= bytes.length;
    } else if (socket.readableEnded || socket.destroyed) {
      throw new MalformedHeader('it ended within the header of the PROXY protocol');
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
