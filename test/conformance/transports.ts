import { connect } from 'node:net';
import { startApp } from '../support/start-app.js';
import { upgrade } from './upgrade.js';
import type { WireClient } from './wire-client.js';

/**
 * Opens a WebSocket to the application.
 *
 * @param early bytes that are sent together with the handshake, before it is answered
 */
export type Open = (early?: Uint8Array) => Promise<WireClient>;

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
      open: (early) => upgrade(connect({ host: hostname, port: Number(port), noDelay: true }), early),
      close: () => app.close(),
    };
  },
};

/** Every transport that the suite runs over. */
export const transports: readonly Transport[] = [http1];

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

    define((early) => application.open(early));
  });
}
