import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A SOCKS5 proxy (RFC 1928), and its requests. */
export interface SocksProxy {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** The requested servers as `host:port`, with a name or an address. */
  readonly requests: string[];
}

const proxies = new Set<Server>();

/**
 * Starts a proxy that connects to 127.0.0.1, for any requested host.
 *
 * @param login the required `user:password` (RFC 1929)
 * @param reply the code of its reply; 0 is success
 */
export async function startSocksProxy({ login = '', reply = 0 } = {}): Promise<SocksProxy> {
  const requests: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    serve(socket).catch(() => socket.destroy());
  });
  proxies.add(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, requests };

  async function serve(socket: Socket): Promise<void> {
    const read = async (length: number): Promise<Buffer> => {
      for (;;) {
        const bytes = socket.read(length) as Buffer | null;
        if (bytes) {
          return bytes;
        }
        await once(socket, 'readable');
      }
    };
    const readText = async (): Promise<string> => {
      const length = (await read(1)).readUInt8();
      return length === 0 ? '' : String(await read(length));
    };

    const methods = await read((await read(2)).readUInt8(1));
    const method = login === '' ? 0 : 2;
    socket.write(Buffer.from([5, methods.includes(method) ? method : 0xff]));
    if (login !== '') {
      await read(1);
      socket.write(Buffer.from([1, `${await readText()}:${await readText()}` === login ? 0 : 1]));
    }
    const addressType = (await read(4)).readUInt8(3);
    const host = addressType === 3 ? await readText() : [...(await read(addressType === 1 ? 4 : 16))].join('.');
    const port = (await read(2)).readUInt16BE();
    requests.push(`${host}:${port}`);
    const answer = Buffer.from([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]);
    if (reply !== 0) {
      socket.end(answer);
      return;
    }
    const target = connect(port, '127.0.0.1', () => {
      socket.write(answer);
      target.pipe(socket).pipe(target);
    });
    target.on('error', () => socket.destroy()).on('close', () => socket.destroy());
    socket.on('close', () => target.destroy());
  }
}

/** Closes every proxy; for `afterEach`. */
export function closeSocksProxies(): void {
  proxies.forEach((proxy) => proxy.close());
  proxies.clear();
}
