import { close } from '../websockets/protocol/client-frame.js';
import { serverClose } from './server-frames.js';
import type { Open } from './transports.js';

/** The status 1000 as a close frame has it. */
export const NORMAL_CLOSURE = Buffer.from([0x03, 0xe8]);

/** How a client that has nothing more to say ends, and how the echo answers that. */
export const goodbye = close(1000);
export const farewell = serverClose(1000);

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
  const client = await open();
  const all = bytes instanceof Uint8Array ? bytes : Buffer.concat(bytes);
  // Reading goes on meanwhile: a server that is not read from stops to read.
  await client.sendInPieces(all, pieceSize === 'whole' ? all.length : pieceSize);
  return client.receiveRest();
}
