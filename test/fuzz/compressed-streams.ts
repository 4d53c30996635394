import { constants, deflateRawSync } from 'node:zlib';
import * as fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { TAIL, type WindowAgreement } from '../conformance/deflate-window.js';
import {
  badText,
  binaryPayload,
  closeFrame,
  controlFrame,
  cut,
  framesOf,
  framing,
  oddFrame,
  point,
  textPayload,
} from './frames.js';
import { damage, damages, inflict, type Damage, type HexBytes } from './frame-streams.js';

/** The way in which a client deflates a message. */
const deflation = fc.record({
  level: fc.constantFrom(-1, 0, 1, 9),
  strategy: fc.constantFrom(constants.Z_DEFAULT_STRATEGY, constants.Z_FIXED, constants.Z_HUFFMAN_ONLY, constants.Z_RLE),
  /** The offsets where a new block begins, in addition to those of zlib. */
  cuts: fc.oneof(
    { weight: 3, arbitrary: fc.constant<number[]>([]) },
    { weight: 1, arbitrary: fc.array(point, { maxLength: 4 }) },
  ),
  /** The indices of the final blocks (RFC 7692 section 7.2.3.4). */
  finals: fc.array(fc.boolean(), { maxLength: 4 }),
});

type Deflation = typeof deflation extends Arbitrary<infer T> ? T : never;

/** Deflates the messages of one client. */
class Sender {
  private before = Buffer.alloc(0);

  constructor(private readonly agreement: Required<WindowAgreement>) {}

  deflate(message: Buffer, { level, strategy, cuts, finals }: Deflation): Buffer {
    const parts = cut(message, { at: cuts }).map((part, i) => {
      const isFinal = i < cuts.length && i < finals.length && finals[i];
      const payload = deflateRawSync(part, {
        level,
        strategy,
        windowBits: this.agreement.bits,
        dictionary: this.before,
        finishFlush: isFinal ? constants.Z_FINISH : constants.Z_SYNC_FLUSH,
      });
      this.before = isFinal ? Buffer.alloc(0) : Buffer.concat([this.before, part]);
      return payload;
    });
    if (!this.agreement.takesOver) {
      this.before = Buffer.alloc(0);
    }
    return Buffer.concat(parts).subarray(0, -TAIL.length);
  }
}

/** A message before deflation and fragmentation. */
interface Message {
  readonly content: readonly [opcode: number, payload: Buffer];
  /** Undefined for an uncompressed message. */
  readonly deflation: Deflation | undefined;
  readonly framing: Parameters<typeof framesOf>[2];
  /** Damages to the deflated data. */
  readonly damages?: readonly Damage[];
  /** Additional reserved bits on one of its frames. */
  readonly reserved?: { readonly frame: number; readonly bits: number };
}

/** The data of a client: messages, and raw bytes. */
type Item = Message | Buffer;

function encodeItem(item: Item, sender: Sender): Buffer {
  if (Buffer.isBuffer(item)) {
    return item;
  }
  const { content, deflation: how, framing: frames, damages: suffered = [], reserved } = item;
  const [opcode, bytes] = content;
  const payload = how === undefined ? bytes : sender.deflate(bytes, how);
  return framesOf(opcode, inflict(suffered, payload), frames, (frame) => {
    const rsv1 = how !== undefined && frame === 0 ? 4 : 0;
    return frame === reserved?.frame ? rsv1 ^ reserved.bits : rsv1;
  });
}

const content = fc.oneof(fc.tuple(fc.constant(1), textPayload), fc.tuple(fc.constant(2), binaryPayload));

const message: Arbitrary<Message> = fc.record({
  content,
  deflation: fc.option(deflation, { nil: undefined, freq: 4 }),
  framing,
});

const badMessage: Arbitrary<Message> = fc.record({
  content: fc.oneof({ weight: 3, arbitrary: content }, { weight: 1, arbitrary: fc.tuple(fc.constant(1), badText) }),
  deflation,
  framing,
  damages: fc.oneof(
    { weight: 1, arbitrary: fc.constant<Damage[]>([]) },
    { weight: 3, arbitrary: fc.array(damage, { minLength: 1, maxLength: 3 }) },
  ),
  reserved: fc.option(fc.record({ frame: fc.nat(2), bits: fc.integer({ min: 1, max: 7 }) }), {
    nil: undefined,
    freq: 1,
  }),
});

const takesOver = fc.boolean();

/** A client that obeys the protocol and sends no close. */
export interface ValidStream {
  readonly agreement: Required<WindowAgreement>;
  readonly hex: HexBytes;
  /** The same messages without compression. */
  readonly plain: HexBytes;
}

export const validCompressedStream: Arbitrary<ValidStream> = fc
  .record({
    agreement: fc.record({ bits: fc.integer({ min: 9, max: 15 }), takesOver }),
    items: fc.array(fc.oneof({ weight: 4, arbitrary: message }, { weight: 1, arbitrary: controlFrame }), {
      maxLength: 8,
    }),
  })
  .map(({ agreement, items }) => {
    const sender = new Sender(agreement);
    const encoded = items.map((item) => encodeItem(item, sender));
    const plain = items.map((item) =>
      encodeItem(Buffer.isBuffer(item) ? item : { ...item, deflation: undefined }, sender),
    );
    return { agreement, hex: Buffer.concat(encoded).toString('hex'), plain: Buffer.concat(plain).toString('hex') };
  });

/** Streams from clients: valid, invalid, or valid and damaged in transit. */
export interface CompressedStream {
  readonly agreement: Required<WindowAgreement>;
  readonly hex: HexBytes;
}

export const compressedStream: Arbitrary<CompressedStream> = fc
  .record({
    // Whether zlib detects a reference beyond a smaller window depends on the chunk size.
    agreement: fc.record({ bits: fc.constant(15), takesOver }),
    items: fc.array(
      fc.oneof(
        { weight: 8, arbitrary: message },
        { weight: 2, arbitrary: controlFrame },
        { weight: 3, arbitrary: badMessage },
        { weight: 1, arbitrary: closeFrame },
        { weight: 1, arbitrary: oddFrame },
      ),
      { maxLength: 8 },
    ),
    suffered: fc.oneof({ weight: 2, arbitrary: fc.constant<Damage[]>([]) }, { weight: 1, arbitrary: damages }),
  })
  .map(({ agreement, items, suffered }) => {
    const sender = new Sender(agreement);
    const bytes = Buffer.concat(items.map((item) => encodeItem(item, sender)));
    return { agreement, hex: inflict(suffered, bytes).toString('hex') };
  });
