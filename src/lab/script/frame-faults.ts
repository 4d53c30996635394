import { constants, deflateRawSync } from 'node:zlib';
import { closePayload, encodeFrame, encodeHeader, OPCODE } from '../peer/frame.js';

/** Frames that break or strain the protocol. */
export interface FrameFault {
  readonly description: string;
  /** The section of the RFC that forbids it, or that says what a client has to do. */
  readonly rfc: string;
  /** What that section says that a client MUST do: fail the connection, or deliver the message. */
  readonly must?: 'fail' | 'deliver';
  /** The frames, chunk by chunk. */
  readonly bytes: () => Iterable<Buffer>;
  /** What follows: silence within the frame, or the end of the connection. Default: the rest of the script. */
  readonly afterwards?: 'stall' | 'end';
  /** Whether it needs an agreement on permessage-deflate. */
  readonly compressed?: true;
}

const text = (payload: string | Uint8Array, fin = true): Buffer => encodeFrame({ opcode: OPCODE.text, payload, fin });
const continuation = (payload: string | Uint8Array, fin = true): Buffer =>
  encodeFrame({ opcode: OPCODE.continuation, payload, fin });
const hex = (digits: string): Buffer => Buffer.from(digits, 'hex');

/** How many frames the faults of many fragments have. */
const MANY = 10_000;

/** The number of blocks of the bomb: 256 MiB of zeros in about 256 KiB. */
const BOMB_BLOCKS = 256;

/** The faults, by the name that `fault=` takes. */
export const FRAME_FAULTS = {
  rsv1: {
    description: 'a text message with the reserved bit RSV1, which no extension allows',
    rfc: 'RFC 6455 5.2',
    must: 'fail',
    bytes: () => [encodeFrame({ opcode: OPCODE.text, reserved: 4, payload: 'rsv1' })],
  },
  rsv2: {
    description: 'a text message with the reserved bit RSV2',
    rfc: 'RFC 6455 5.2',
    must: 'fail',
    bytes: () => [encodeFrame({ opcode: OPCODE.text, reserved: 2, payload: 'rsv2' })],
  },
  rsv3: {
    description: 'a text message with the reserved bit RSV3',
    rfc: 'RFC 6455 5.2',
    must: 'fail',
    bytes: () => [encodeFrame({ opcode: OPCODE.text, reserved: 1, payload: 'rsv3' })],
  },
  'reserved-opcode': {
    description: 'a frame with opcode 3, which is reserved for data',
    rfc: 'RFC 6455 5.2',
    must: 'fail',
    bytes: () => [encodeFrame({ opcode: 3, payload: 'opcode 3' })],
  },
  'reserved-control': {
    description: 'a frame with opcode 11, which is reserved for control frames',
    rfc: 'RFC 6455 5.2',
    must: 'fail',
    bytes: () => [encodeFrame({ opcode: 11, payload: 'opcode 11' })],
  },
  masked: {
    description: 'a masked text message',
    rfc: 'RFC 6455 5.1',
    must: 'fail',
    bytes: () => [encodeFrame({ opcode: OPCODE.text, mask: hex('01020304'), payload: 'masked' })],
  },
  'length-16': {
    description: 'a text message of 5 bytes whose length takes 16 bits',
    rfc: 'RFC 6455 5.2',
    bytes: () => [encodeFrame({ opcode: OPCODE.text, lengthBytes: 3, payload: 'short' })],
  },
  'length-64': {
    description: 'a text message of 5 bytes whose length takes 64 bits',
    rfc: 'RFC 6455 5.2',
    bytes: () => [encodeFrame({ opcode: OPCODE.text, lengthBytes: 9, payload: 'short' })],
  },
  'length-top-bit': {
    description: 'a header whose 64-bit length has the most significant bit set',
    rfc: 'RFC 6455 5.2',
    bytes: () => [encodeHeader({ opcode: OPCODE.binary, length: 1n << 63n })],
    afterwards: 'stall',
  },
  'length-2gib': {
    description: 'the header of a message of 2^31 bytes, and nothing after it',
    rfc: 'RFC 6455 10.4',
    bytes: () => [encodeHeader({ opcode: OPCODE.binary, length: 2 ** 31 })],
    afterwards: 'stall',
  },
  'length-huge': {
    description: 'the header of a message of 2^53 bytes, more than a JavaScript number counts exactly',
    rfc: 'RFC 6455 10.4',
    bytes: () => [encodeHeader({ opcode: OPCODE.binary, length: 1n << 53n })],
    afterwards: 'stall',
  },
  'ping-fragmented': {
    description: 'a ping in two fragments',
    rfc: 'RFC 6455 5.5',
    bytes: () => [encodeFrame({ opcode: OPCODE.ping, fin: false, payload: 'pi' }), continuation('ng')],
  },
  'ping-126': {
    description: 'a ping of 126 bytes',
    rfc: 'RFC 6455 5.5',
    bytes: () => [encodeFrame({ opcode: OPCODE.ping, payload: 'x'.repeat(126) })],
  },
  continuation: {
    description: 'a continuation frame without a message before it',
    rfc: 'RFC 6455 5.4',
    bytes: () => [continuation('nothing to continue')],
  },
  'message-in-message': {
    description: 'a text message that starts within another one',
    rfc: 'RFC 6455 5.4',
    bytes: () => [text('first', false), text('second')],
  },
  'utf8-invalid': {
    description: 'a text message whose bytes are not UTF-8',
    rfc: 'RFC 6455 8.1',
    must: 'fail',
    bytes: () => [text(hex('48656cff6c6f'))],
  },
  'utf8-invalid-last': {
    description: 'a text message in three fragments, whose last one is not UTF-8',
    rfc: 'RFC 6455 8.1',
    must: 'fail',
    bytes: () => [text('one ', false), continuation('two ', false), continuation(hex('ff'))],
  },
  'utf8-cut': {
    description: 'a text message that ends within a character',
    rfc: 'RFC 6455 8.1',
    must: 'fail',
    bytes: () => [text(hex('e282'))],
  },
  'utf8-split-invalid': {
    description: 'a text message that is not UTF-8 across two fragments, each of which could be half of a character',
    rfc: 'RFC 6455 8.1',
    must: 'fail',
    bytes: () => [text(hex('e282'), false), continuation(hex('28a1'))],
  },
  'utf8-split': {
    description: 'a valid text message with a character that is split across fragments',
    rfc: 'RFC 6455 5.4',
    must: 'deliver',
    bytes: () => [text(hex('e2'), false), continuation(hex('82'), false), continuation(hex('ac'))],
  },
  'deflate-not-agreed': {
    description: 'a compressed text message without an agreement on permessage-deflate',
    rfc: 'RFC 6455 5.2',
    must: 'fail',
    bytes: () => [encodeFrame({ opcode: OPCODE.text, reserved: 4, payload: hex('f248cdc9c90700') })],
  },
  'deflate-broken': {
    description: 'a compressed message whose DEFLATE data is broken; the client has to offer permessage-deflate',
    rfc: 'RFC 7692 7.2.2',
    bytes: () => [encodeFrame({ opcode: OPCODE.text, reserved: 4, payload: hex('ffffffffff') })],
    compressed: true,
  },
  'deflate-continuation': {
    description: 'a compressed message whose continuation has RSV1 as well; the client has to offer permessage-deflate',
    rfc: 'RFC 7692 6',
    must: 'fail',
    bytes: () => {
      const deflated = deflated1MiB().subarray(0, -4);
      return [
        encodeFrame({ opcode: OPCODE.binary, reserved: 4, fin: false, payload: deflated.subarray(0, 100) }),
        encodeFrame({ opcode: OPCODE.continuation, reserved: 4, payload: deflated.subarray(100) }),
      ];
    },
    compressed: true,
  },
  'deflate-bomb': {
    description: `a message of about ${BOMB_BLOCKS} KiB that inflates to ${BOMB_BLOCKS} MiB; the client has to offer permessage-deflate`,
    rfc: 'RFC 7692 8',
    bytes: function* () {
      // A block ends at a byte boundary and does not refer to earlier data, so the same block can be sent repeatedly.
      const zeros = deflated1MiB();
      const length = zeros.length * BOMB_BLOCKS - 4;
      yield encodeHeader({ opcode: OPCODE.binary, reserved: 4, length });
      for (let i = 1; i < BOMB_BLOCKS; i++) {
        yield zeros;
      }
      yield zeros.subarray(0, -4);
    },
    compressed: true,
  },
  'stall-header': {
    description: 'the first byte of a frame, and nothing after it',
    rfc: 'RFC 6455 5.2',
    bytes: () => [hex('81')],
    afterwards: 'stall',
  },
  'stall-payload': {
    description: 'half of a text message, and nothing after it',
    rfc: 'RFC 6455 5.2',
    bytes: () => [encodeFrame({ opcode: OPCODE.text, length: 10, payload: 'half.' })],
    afterwards: 'stall',
  },
  'cut-header': {
    description: 'the first byte of a frame, and the end of the connection',
    rfc: 'RFC 6455 7.1.5',
    bytes: () => [hex('81')],
    afterwards: 'end',
  },
  'cut-payload': {
    description: 'half of a text message, and the end of the connection',
    rfc: 'RFC 6455 7.1.5',
    bytes: () => [encodeFrame({ opcode: OPCODE.text, length: 10, payload: 'half.' })],
    afterwards: 'end',
  },
  'empty-fragments': {
    description: `a valid text message of ${MANY} empty fragments`,
    rfc: 'RFC 6455 5.4',
    bytes: () => fragments(''),
  },
  'tiny-fragments': {
    description: `a valid text message of ${MANY} fragments of one byte`,
    rfc: 'RFC 6455 5.4',
    bytes: () => fragments('x'),
  },
  'close-one-byte': {
    description: 'a close frame with a payload of one byte',
    rfc: 'RFC 6455 5.5.1',
    bytes: () => [encodeFrame({ opcode: OPCODE.close, payload: hex('03') })],
  },
  'close-126': {
    description: 'a close frame with a reason of 124 bytes, so with a payload of 126',
    rfc: 'RFC 6455 5.5',
    bytes: () => [encodeFrame({ opcode: OPCODE.close, payload: closePayload(1000, 'x'.repeat(124)) })],
  },
  'close-utf8': {
    description: 'a close frame whose reason is not UTF-8',
    rfc: 'RFC 6455 5.5.1',
    bytes: () => [encodeFrame({ opcode: OPCODE.close, payload: Buffer.concat([closePayload(1000), hex('ff')]) })],
  },
  'close-fragmented': {
    description: 'a close frame that is not final',
    rfc: 'RFC 6455 5.5',
    bytes: () => [encodeFrame({ opcode: OPCODE.close, fin: false, payload: closePayload(1000) })],
  },
} as const satisfies Record<string, FrameFault>;

export type FrameFaultName = keyof typeof FRAME_FAULTS;

/** A fault of the table, without the exact type of its entry. */
export function frameFault(name: FrameFaultName): FrameFault {
  return FRAME_FAULTS[name];
}

function* fragments(payload: string): Iterable<Buffer> {
  yield text(payload, false);
  const middle = continuation(payload, false);
  const batch = Buffer.concat(Array.from({ length: 100 }, () => middle));
  for (let sent = 0; sent < MANY - 100; sent += 100) {
    yield batch;
  }
  yield Buffer.concat(Array.from({ length: 98 }, () => middle));
  yield continuation(payload);
}

let block: Buffer | undefined;

/** 1 MiB of zeros, compressed once for all connections. */
function deflated1MiB(): Buffer {
  return (block ??= deflateRawSync(Buffer.alloc(1024 ** 2), { finishFlush: constants.Z_SYNC_FLUSH }));
}
