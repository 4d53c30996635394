import { once } from 'node:events';
import { connect as connectHttp2, type IncomingHttpHeaders, type IncomingHttpStatusHeader } from 'node:http2';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { removeFolders, startHttpsApp } from '../support/https-app.js';
import { startApp } from '../support/start-app.js';
import { upgrade } from './upgrade.js';
import { WireClient } from './wire-client.js';

/**
 * Opens a WebSocket to the application.
 *
 * @param early bytes that are sent together with the handshake, before it is answered
 * @param offers extensions that are offered: `Sec-WebSocket-Extensions`, once for each
 */
export type Open = (early?: Uint8Array, offers?: readonly string[]) => Promise<WireClient>;

/** The application, reached in one of the ways that it can be. */
export interface ServedApplication {
  readonly open: Open;
  close(): Promise<void>;
}

/** A way to reach the application: what happens up to the first byte of a frame. After that, all ways are one. */
export interface Transport {
  readonly name: string;
  start(environment?: Record<string, string>): Promise<ServedApplication>;
}

const http1: Transport = {
  name: 'HTTP/1.1',
  async start(environment) {
    const app = await startApp(environment);
    const { hostname, port } = new URL(app.url);
    return {
      open: (early, offers) => upgrade(connect({ host: hostname, port: Number(port), noDelay: true }), early, offers),
      close: () => app.close(),
    };
  },
};

const https: Transport = {
  name: 'HTTP/1.1 and TLS',
  async start(environment) {
    const app = await startHttpsApp(environment);
    const { hostname, port } = new URL(app.url);
    return {
      async open(early, offers) {
        const socket = connectTls({ host: hostname, port: Number(port), ca: app.ca, ALPNProtocols: ['http/1.1'] });
        socket.setNoDelay();
        await once(socket, 'secureConnect');
        return upgrade(socket, early, offers);
      },
      close: () => app.close(),
    };
  },
};

/** RFC 8441: all WebSockets are streams of one connection. */
const http2: Transport = {
  name: 'HTTP/2',
  async start(environment) {
    const app = await startHttpsApp(environment);
    const session = connectHttp2(app.url, { ca: app.ca });
    await once(session, 'remoteSettings');
    return {
      async open(early, offers = []) {
        const stream = session.request(
          {
            ':method': 'CONNECT',
            ':protocol': 'websocket',
            ':path': '/ws',
            'sec-websocket-version': '13',
            'sec-websocket-extensions': [...offers],
          },
          { endStream: false },
        );
        const client = new WireClient(stream);
        stream.on('end', () => stream.end()); // as sockets do by themselves
        const answered = once(stream, 'response');
        if (early !== undefined) {
          await client.send(early);
        }
        const [headers] = (await answered) as [IncomingHttpHeaders & IncomingHttpStatusHeader];
        if (headers[':status'] !== 200) {
          throw new Error(`The handshake was answered with ${headers[':status']}.`);
        }
        client.extensions = headers['sec-websocket-extensions'];
        return client;
      },
      async close() {
        session.close();
        await app.close();
      },
    };
  },
};

/** Every transport that the suite runs over. */
export const transports: readonly Transport[] = [http1, https, http2];

/**
 * Defines tests that run against the application over every transport, one application for each.
 *
 * @param define is given how to open a WebSocket, for use in its tests
 */
export function overEveryTransport(define: (open: Open) => void, environment: Record<string, string> = {}): void {
  describe.each(transports)('over $name', (transport) => {
    let application: ServedApplication;

    beforeAll(async () => {
      application = await transport.start(environment);
    });

    afterAll(() => application.close());

    define((early, offers) => application.open(early, offers));
  });
  afterAll(removeFolders);
}
