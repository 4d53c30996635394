import * as fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { badText, closeFrame, controlFrame, message, messageOf, oddFrame, point } from './frames.js';

/** The bytes of a client as hex digits, so that a failing case can be read and copied. */
export type HexBytes = string;

const validFrames: Arbitrary<Buffer> = fc
  .array(fc.oneof({ weight: 3, arbitrary: message }, { weight: 1, arbitrary: controlFrame }), { maxLength: 8 })
  .map((frames) => Buffer.concat(frames));

/** Valid frames without a close. */
export const validStream: Arbitrary<HexBytes> = validFrames.map((bytes) => bytes.toString('hex'));

/** Frames, mostly valid. */
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

/** The bytes after several damages, one after the other. */
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

/** Damages that apply to half of all streams. */
export const damages: Arbitrary<Damage[]> = fc.oneof(
  { weight: 1, arbitrary: fc.constant<Damage[]>([]) },
  { weight: 1, arbitrary: fc.array(damage, { minLength: 1, maxLength: 2 }) },
);

/** Streams from clients: valid, invalid, or valid and damaged in transit. */
export const clientStream: Arbitrary<HexBytes> = fc
  .tuple(fc.oneof(validFrames, mixedStream), damages)
  .map(([bytes, suffered]) => inflict(suffered, bytes).toString('hex'));
