import * as fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { badText, closeFrame, controlFrame, message, messageOf, oddFrame, point } from './frames.js';

/** What a client sends, as hex digits, so that a failing case can be read and copied. */
export type HexBytes = string;

const validFrames: Arbitrary<Buffer> = fc
  .array(fc.oneof({ weight: 3, arbitrary: message }, { weight: 1, arbitrary: controlFrame }), { maxLength: 8 })
  .map((frames) => Buffer.concat(frames));

/** Frames that keep to the protocol, and no close. */
export const validStream: Arbitrary<HexBytes> = validFrames.map((bytes) => bytes.toString('hex'));

/** Frames most of which keep to the protocol. */
const mixedStream = fc
  .array(
    fc.oneof(
      { weight: 8, arbitrary: message },
      { weight: 4, arbitrary: controlFrame },
      { weight: 1, arbitrary: messageOf(1, badText) },
      { weight: 1, arbitrary: closeFrame },
      { weight: 1, arbitrary: oddFrame },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)) },
    ),
    { maxLength: 8 },
  )
  .map((frames) => Buffer.concat(frames));

export interface Damage {
  readonly kind: 'flip' | 'insert' | 'remove' | 'truncate';
  readonly at: number;
  readonly byte: number;
}

const effects: Readonly<Record<Damage['kind'], (bytes: Buffer, at: number, byte: number) => Buffer>> = {
  flip: (bytes, at, byte) => Buffer.from(bytes.map((value, i) => (i === at ? value ^ (1 << (byte & 7)) : value))),
  insert: (bytes, at, byte) => Buffer.concat([bytes.subarray(0, at), Buffer.from([byte]), bytes.subarray(at)]),
  remove: (bytes, at) => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]),
  truncate: (bytes, at) => bytes.subarray(0, at),
};

/** What is left of bytes after damages, one after the other. */
export function inflict(damages: readonly Damage[], bytes: Buffer): Buffer {
  return damages.reduce(
    (whole, { kind, at, byte }) => effects[kind](whole, Math.floor(at * whole.length), byte),
    bytes,
  );
}

export const damage: Arbitrary<Damage> = fc.record({
  kind: fc.constantFrom('flip', 'insert', 'remove', 'truncate'),
  at: point,
  byte: fc.nat(255),
});

/** Damages that half of all streams suffer. */
export const damages: Arbitrary<Damage[]> = fc.oneof(
  { weight: 1, arbitrary: fc.constant<Damage[]>([]) },
  { weight: 1, arbitrary: fc.array(damage, { minLength: 1, maxLength: 2 }) },
);

/** What clients might send: right, wrong, or right and then damaged on the way. */
export const clientStream: Arbitrary<HexBytes> = fc
  .tuple(fc.oneof(validFrames, mixedStream), damages)
  .map(([bytes, suffered]) => inflict(suffered, bytes).toString('hex'));
