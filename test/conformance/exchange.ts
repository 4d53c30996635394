import type { Duplex } from 'node:stream';
import { echo } from '../../src/echo/echo.gateway.js';
import { acceptDeflate } from '../../libs/websockets/src/protocol/permessage-deflate.js';
import { resolveWebSocketOptions, type WebSocketOptions } from '../../libs/websockets/src/nest/web-socket-options.js';
import { endRawClients, RawClient } from '../support/raw-client.js';
import { connect } from '../support/socket-pair.js';
import { close } from '../libs/websockets/protocol/client-frame.js';
import { serverClose } from './server-frames.js';

/** The status 1000 as a close frame has it. */
export const NORMAL_CLOSURE = Buffer.from([0x03, 0xe8]);

/** The close frame of a client that has nothing more to send, and the answer of the echo. */
export const goodbye = close(1000);
export const farewell = serverClose(1000);

afterEach(endRawClients);

/** Opens a WebSocket to the echo, in memory. */
export type Open = () => RawClient<Duplex>;

/**
 * @param options the server's
 * @param offer the client's `Sec-WebSocket-Extensions`; messages are compressed as both sides agree
 */
export function echoInMemory(options: WebSocketOptions = {}, offer?: string): Open {
  const deflate = acceptDeflate(offer, resolveWebSocketOptions(options))?.parameters;
  return () => {
    const { client, connection } = connect(options, {}, deflate);
    void echo(connection).catch(() => {}); // a connection that ends without a close frame
    client.once('end', () => client.end());
    return new RawClient(client);
  };
}

/**
 * Sends bytes over a connection of their own and gives all that comes back until the server ends it.
 *
 * @param pieceSize how many bytes to send at a time, or 'whole'
 */
export async function exchange(
  open: Open,
  bytes: Uint8Array | readonly Uint8Array[],
  pieceSize: number | 'whole' = 'whole',
): Promise<Buffer> {
  const client = open();
  const all = bytes instanceof Uint8Array ? bytes : Buffer.concat(bytes);
  // A server that is not read from stops reading.
  const [received] = await Promise.all([
    client.readToEnd(),
    client.sendInPieces(all, pieceSize === 'whole' ? all.length : pieceSize),
  ]);
  return received;
}
