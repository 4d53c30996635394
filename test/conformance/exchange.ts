import type { Duplex } from 'node:stream';
import { echo } from '../../src/echo/echo.gateway.js';
import { acceptDeflate } from '../../libs/websockets/src/protocol/permessage-deflate.js';
import { resolveWebSocketOptions, type WebSocketOptions } from '../../libs/websockets/src/nest/module-options.js';
import { endRawClients, RawClient } from '../support/raw-client.js';
import { connect } from '../support/socket-pair.js';
import { close } from '../libs/websockets/protocol/client-frame.js';
import { serverClose } from './server-frames.js';

/** The payload of a close frame with status 1000. */
export const NORMAL_CLOSURE = Buffer.from([0x03, 0xe8]);

/** The close frame of a client that has nothing more to send, and the answer of the server. */
export const goodbye = close(1000);
export const farewell = serverClose(1000);

afterEach(endRawClients);

/** Opens an in-memory WebSocket to the echo. */
export type Open = () => RawClient<Duplex>;

/**
 * @param options the options of the server
 * @param offer the client's `Sec-WebSocket-Extensions`; both sides compress as negotiated
 */
export function echoInMemory(options: WebSocketOptions = {}, offer?: string): Open {
  const deflate = acceptDeflate(offer, resolveWebSocketOptions(options))?.parameters;
  return () => {
    const { client, connection } = connect(options, {}, deflate);
    void echo(connection).catch(() => {}); // the connection ended without a close frame
    client.once('end', () => client.end());
    return new RawClient(client);
  };
}

/**
 * Sends bytes over a new connection and returns all bytes until the server ends it.
 *
 * @param pieceSize the number of bytes to send at a time, or 'whole'
 */
export async function exchange(
  open: Open,
  bytes: Uint8Array | readonly Uint8Array[],
  pieceSize: number | 'whole' = 'whole',
): Promise<Buffer> {
  const client = open();
  const all = bytes instanceof Uint8Array ? bytes : Buffer.concat(bytes);
  // Backpressure would stop the server if the client did not read.
  const [received] = await Promise.all([
    client.readToEnd(),
    client.sendInPieces(all, pieceSize === 'whole' ? all.length : pieceSize),
  ]);
  return received;
}
