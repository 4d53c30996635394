import { clientFrame, continuation } from '../libs/websockets/protocol/client-frame.js';
import { DeflateWindow, deflated } from './deflate-window.js';
import { exchange, goodbye, NORMAL_CLOSURE, type Open } from './exchange.js';
import { answer, readAnswers } from './server-frames.js';

/** The first frame, or the only one, of a compressed message (RFC 7692 section 6.1). */
export const compressed = (opcode: number, payload: string | Uint8Array, fin = true): Buffer =>
  clientFrame({ opcode, payload, fin, reserved: 4 });

/** A whole compressed message that refers to none before it. */
export const compressedText = (message: string | Uint8Array): Buffer => compressed(1, deflated(message));
export const compressedBinary = (message: string | Uint8Array): Buffer => compressed(2, deflated(message));

/** A compressed message in as many frames as it has parts. */
export function compressedInParts(opcode: number, parts: readonly Buffer[]): Buffer[] {
  return parts.map((part, i) =>
    i === 0 ? compressed(opcode, part, parts.length === 1) : continuation(part, i === parts.length - 1),
  );
}

/** The answer to a close without a fault. */
export const closed = answer(8, NORMAL_CLOSURE);

/** How `readAnswers` has the close frame of a failure: with that status, and a reason (RFC 6455 section 7.1.7). */
export const failed = (status: number): unknown =>
  expect.stringMatching(new RegExp(`^close ${status.toString(16).padStart(4, '0')}..`));

/** What comes back for these frames and a close after them, inflated. */
export async function answersTo(
  open: Open,
  frames: readonly Buffer[],
  pieceSize: number | 'whole' = 'whole',
): Promise<string[]> {
  return readAnswers(await exchange(open, [...frames, goodbye], pieceSize), new DeflateWindow());
}
