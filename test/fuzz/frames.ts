import * as fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { clientFrame } from '../libs/websockets/protocol/client-frame.js';
import { badSequences, cutCharacters, goodTexts } from '../conformance/utf-8-sequences.js';

/** An offset, as a fraction of the whole. */
export const point = fc.double({ min: 0, max: 1, noNaN: true });

/** The way to split bytes: at offsets, or into pieces of a size. */
export const cutting = fc.oneof(
  fc.array(point, { maxLength: 6 }).map((at) => ({ at })),
  fc.integer({ min: 1, max: 40 }).map((size) => ({ size })),
);

export type Cutting = typeof cutting extends Arbitrary<infer T> ? T : never;

/** Splits bytes; the pieces are views. */
export function cut(bytes: Buffer, how: Cutting): Buffer[] {
  const ends =
    'size' in how
      ? Array.from({ length: Math.ceil(bytes.length / how.size) }, (_, i) => (i + 1) * how.size)
      : [...how.at.map((share) => Math.round(share * bytes.length)).toSorted((a, b) => a - b), bytes.length];
  let from = 0;
  return ends.map((end) => {
    const piece = bytes.subarray(from, end);
    from = end;
    return piece;
  });
}

const key = fc.oneof(
  { weight: 4, arbitrary: fc.uint8Array({ minLength: 4, maxLength: 4 }) },
  { weight: 1, arbitrary: fc.constantFrom(new Uint8Array(4), new Uint8Array(4).fill(0xff)) },
);

/** Boundary sizes: headers, words, and the threshold for native code. */
const edgeSize = fc
  .tuple(fc.constantFrom(0, 4, 16, 48, 125, 126, 320, 768, 4096, 16384), fc.integer({ min: -3, max: 3 }))
  .map(([size, more]) => Math.max(0, size + more));

const filling = fc.constantFrom('a', 'é', '€', '😀', 'aé€😀');

export const textPayload = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }).map((text) => Buffer.from(text)) },
  { weight: 2, arbitrary: fc.constantFrom(...goodTexts).map(([, text]) => Buffer.from(text)) },
  {
    weight: 2,
    arbitrary: fc.tuple(edgeSize, filling, fc.integer({ min: 0, max: 3 })).map(([size, text, before]) => {
      const unit = Buffer.from(text);
      const rest = size - before;
      return Buffer.from(`${'x'.repeat(before)}${text.repeat(Math.max(0, Math.floor(rest / unit.length)))}`);
    }),
  },
);

export const binaryPayload = fc.oneof(
  { weight: 3, arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: fc.tuple(edgeSize, fc.nat(255)).map(([size, byte]) => Buffer.alloc(size, byte)) },
);

export const badText = fc
  .tuple(textPayload, fc.constantFrom(...badSequences, ...cutCharacters), textPayload)
  .map(([before, { bytes }, after]) => Buffer.concat([before, bytes, after]));

export const controlFrame = fc
  .record({
    opcode: fc.constantFrom(9, 10),
    fin: fc.constant(true),
    payload: fc.oneof(
      fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
      fc.integer({ min: 0, max: 125 }).map((length) => Buffer.alloc(length, 'p')),
    ),
    key,
  })
  .map(clientFrame);

/** The fragmentation of a message, and the frames between its fragments. */
export const framing = fc.record({
  key,
  cuts: fc.oneof(
    { weight: 2, arbitrary: fc.constant<number[]>([]) },
    { weight: 1, arbitrary: fc.array(point, { maxLength: 6 }) },
  ),
  between: fc.array(controlFrame, { maxLength: 3 }),
  isWide: fc.integer({ min: 0, max: 9 }).map((number) => number === 9),
});

export type Framing = typeof framing extends Arbitrary<infer T> ? T : never;

/**
 * The frames of a message.
 *
 * @param reservedOf the reserved bits of each frame, by its index
 */
export function framesOf(
  opcode: number,
  bytes: Buffer,
  { key: maskingKey, cuts, between, isWide }: Framing,
  reservedOf: (frame: number) => number = () => 0,
): Buffer {
  const frames = cut(bytes, { at: cuts }).map((payload, i, { length }) =>
    clientFrame({
      opcode: i === 0 ? opcode : 0,
      fin: i === length - 1,
      payload,
      key: maskingKey,
      reserved: reservedOf(i),
      ...(isWide ? { lengthBytes: 8 } : {}),
    }),
  );
  return Buffer.concat(frames.flatMap((frame, i) => (i < between.length && i > 0 ? [between[i], frame] : [frame])));
}

/** A message, whole or in fragments, with control frames between them. */
export const messageOf = (opcode: 1 | 2, payload: Arbitrary<Buffer>): Arbitrary<Buffer> =>
  fc.tuple(payload, framing).map(([bytes, how]) => framesOf(opcode, bytes, how));

export const message = fc.oneof(messageOf(1, textPayload), messageOf(2, binaryPayload));

const status = fc.oneof(
  fc.constantFrom(1000, 1001, 1003, 1007, 1011, 1014, 3000, 4999),
  fc.constantFrom(0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535),
  fc.nat(65535),
);

export const closeFrame = fc
  .record({
    payload: fc.oneof(
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes)) },
      {
        weight: 4,
        arbitrary: fc
          .tuple(status, fc.oneof({ weight: 3, arbitrary: textPayload }, { weight: 1, arbitrary: badText }))
          .map(([code, reason]) => Buffer.concat([Buffer.from([code >> 8, code & 0xff]), reason.subarray(0, 123)])),
      },
    ),
    key,
  })
  .map(({ payload, key: maskingKey }) => clientFrame({ opcode: 8, fin: true, payload, key: maskingKey }));

/** A frame with any kind of fault. */
export const oddFrame = fc
  .record(
    {
      opcode: fc.nat(15),
      fin: fc.boolean(),
      payload: binaryPayload,
      key,
      reserved: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(7) }),
      masked: fc.integer({ min: 0, max: 4 }).map((number) => number > 0),
      lengthBytes: fc.constantFrom(0 as const, 2 as const, 8 as const),
      claims: fc.oneof(fc.nat(300).map(BigInt), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
    },
    { requiredKeys: ['opcode', 'fin', 'payload', 'key'] },
  )
  .map((frame) => clientFrame(frame));
