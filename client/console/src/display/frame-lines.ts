import type { FrameHead, Direction } from '../connection/frame-tap.js';
import { quantity, formatSize } from './format-amounts.js';

/** RFC 6455 section 11.8 */
const OPCODES: Record<number, string> = {
  0: 'continuation',
  1: 'text',
  2: 'binary',
  8: 'close',
  9: 'ping',
  10: 'pong',
};

/** The name of an opcode, or its number if it has no name. */
export function opcodeName(opcode: number): string {
  return OPCODES[opcode] ?? `opcode ${opcode}`;
}

/** A frame in one line: `> text, fin, masked, 5 bytes`. */
export function frameLine(direction: Direction, { opcode, fin, rsv, masked, length }: FrameHead): string {
  const flags = [fin && 'fin', ...rsv.map((bit, index) => bit && `rsv${index + 1}`), masked && 'masked'].filter(
    Boolean,
  );
  const arrow = direction === 'sent' ? '>' : '<';
  return `${arrow} ${[opcodeName(opcode), ...flags, quantity(length, 'byte')].join(', ')}`;
}

/** Counts frames in both directions. */
export class FrameTally {
  private readonly counts = { sent: { frames: 0, bytes: 0 }, received: { frames: 0, bytes: 0 } };

  add(direction: Direction, { length }: FrameHead): void {
    this.counts[direction].frames++;
    this.counts[direction].bytes += length;
  }

  toString(): string {
    const { sent, received } = this.counts;
    return `${quantity(sent.frames, 'frame')} sent (${formatSize(sent.bytes)} of payload), ${received.frames} received (${formatSize(received.bytes)})`;
  }
}
