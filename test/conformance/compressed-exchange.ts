import { clientFrame, continuation } from '../libs/websockets/protocol/client-frame.js';
import { DeflateWindow, deflated } from './deflate-window.js';
import { exchange, goodbye, NORMAL_CLOSURE, type Open } from './exchange.js';
import { answer, readAnswers } from './server-frames.js';

/** The first or only frame of a compressed message (RFC 7692 section 6.1). */
export const compressed = (opcode: number, payload: string | Uint8Array, fin = true): Buffer =>
  clientFrame({ opcode, payload, fin, reserved: 4 });

/** A compressed message that refers to no earlier message. */
export const compressedText = (message: string | Uint8Array): Buffer => compressed(1, deflated(message));
export const compressedBinary = (message: string | Uint8Array): Buffer => compressed(2, deflated(message));

/** A compressed message with one frame for each part. */
export function compressedInParts(opcode: number, parts: readonly Buffer[]): Buffer[] {
  return parts.map((part, i) =>
    i === 0 ? compressed(opcode, part, parts.length === 1) : continuation(part, i === parts.length - 1),
  );
}

/** The answer to a close with status 1000. */
export const closed = answer(8, NORMAL_CLOSURE);

/** A failure's close frame as `readAnswers` gives it: the status, and some reason (RFC 6455 section 7.1.7). */
export const failed = (status: number): unknown =>
  expect.stringMatching(new RegExp(`^close ${status.toString(16).padStart(4, '0')}..`));

/** The inflated answers to these frames, followed by a close. */
export async function answersTo(
  open: Open,
  frames: readonly Buffer[],
  pieceSize: number | 'whole' = 'whole',
): Promise<string[]> {
  return readAnswers(await exchange(open, [...frames, goodbye], pieceSize), new DeflateWindow());
}
