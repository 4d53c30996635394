import { constants, deflateRawSync } from 'node:zlib';
import { buildFrame, EchoError, MessageRing, Opcode, type MessageShape } from '../../../bench/load/messages.js';
import { EchoVerifier } from '../../../bench/load/verifier.js';

const shape: MessageShape = { size: 200, content: 'text' };

function message(ring: MessageRing, index: number): Buffer {
  const start = (index % ring.count) * ring.messageLength;
  return ring.payload.subarray(start, start + ring.messageLength);
}

/** The echo of a message as one frame. */
function echo(ring: MessageRing, index: number): Buffer {
  return buildFrame(ring.opcode, message(ring, index));
}

/** The echo of a message as frames of these lengths; the last frame holds the rest. */
function echoInFrames(ring: MessageRing, index: number, ...lengths: number[]): Buffer {
  const whole = message(ring, index);
  let start = 0;
  const frames = [...lengths, whole.length].map((length, frame) => {
    const payload = whole.subarray(start, start + length);
    start += length;
    const opcode = frame === 0 ? ring.opcode : Opcode.continuation;
    return buildFrame(opcode, payload, { isFinal: frame === lengths.length });
  });
  return Buffer.concat(frames);
}

function compressedEcho(ring: MessageRing, index: number): Buffer {
  const compressed = deflateRawSync(message(ring, index), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
  return buildFrame(ring.opcode, compressed, { isCompressed: true });
}

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] ^= 1;
  return copy;
}

/** Verifies bytes that arrive in reads of `readLength`. */
function verify(ring: MessageRing, bytes: Buffer, readLength = bytes.length): { messages: number; control: string[] } {
  const control: string[] = [];
  const verifier = new EchoVerifier(ring, 0, {
    onPing: (payload) => control.push(`ping ${payload.toString()}`),
    onClose: (payload) => control.push(`close ${payload.toString('hex')}`),
  });
  let messages = 0;
  for (let start = 0; start < bytes.length; start += readLength) {
    messages += verifier.receive(bytes, start, Math.min(bytes.length, start + readLength));
  }
  return { messages, control };
}

describe('EchoVerifier', () => {
  const ring = new MessageRing(shape);
  const fragmented = new MessageRing({ ...shape, fragmentSize: 64 });
  const compressed = new MessageRing({ ...shape, isCompressed: true });

  const rightEchoes: [name: string, ring: MessageRing, bytes: Buffer][] = [
    ['one frame each', ring, Buffer.concat([echo(ring, 0), echo(ring, 1), echo(ring, 2)])],
    [
      'the frames of the client',
      fragmented,
      Buffer.concat([0, 1, 2].map((index) => echoInFrames(fragmented, index, 64, 64, 64))),
    ],
    ['one frame for several of the client', fragmented, Buffer.concat([0, 1, 2].map((i) => echo(fragmented, i)))],
    [
      'any other frames',
      ring,
      Buffer.concat([echo(ring, 0), echoInFrames(ring, 1, 1, 0, 126), echoInFrames(ring, 2, 199)]),
    ],
    [
      'compressed and uncompressed messages',
      compressed,
      Buffer.concat([compressedEcho(compressed, 0), echo(compressed, 1), compressedEcho(compressed, 2)]),
    ],
  ];

  it.each(rightEchoes)('accepts %s in reads of any length', (_, of, bytes) => {
    for (let readLength = 1; readLength <= bytes.length; readLength++) {
      expect(verify(of, bytes, readLength).messages).toBe(3);
    }
  });

  it('starts again after the last message of the ring', () => {
    const echoes = Array.from({ length: ring.count * 2 + 1 }, (_, index) => echo(ring, index));
    expect(verify(ring, Buffer.concat(echoes), 1000).messages).toBe(echoes.length);
  });

  it('inflates an echo that is compressed in another way than before', () => {
    const stored = deflateRawSync(message(compressed, 0), { level: 0, finishFlush: constants.Z_SYNC_FLUSH });
    const other = buildFrame(compressed.opcode, stored.subarray(0, -4), { isCompressed: true });
    expect(verify(compressed, compressedEcho(compressed, 0)).messages).toBe(1);
    expect(verify(compressed, other).messages).toBe(1);
  });

  it('passes on pings and the close frame, between and within messages', () => {
    const ping = buildFrame(Opcode.ping, Buffer.from('hi'));
    const close = buildFrame(Opcode.close, Buffer.from([0x03, 0xe8]));
    const inside = echoInFrames(ring, 1, 100);
    const bytes = Buffer.concat([echo(ring, 0), ping, inside.subarray(0, 102), ping, inside.subarray(102), close]);
    for (let readLength = 1; readLength <= bytes.length; readLength++) {
      expect(verify(ring, bytes, readLength)).toEqual({ messages: 2, control: ['ping hi', 'ping hi', 'close 03e8'] });
    }
  });

  const wrongEchoes: [name: string, ring: MessageRing, bytes: Buffer, fault: string][] = [
    ['another byte at the end', ring, flipped(echo(ring, 0), 203), 'other bytes'],
    ['another byte in a later message', ring, Buffer.concat([echo(ring, 0), flipped(echo(ring, 1), 9)]), 'other bytes'],
    ['messages in another order', ring, echo(ring, 1), 'other bytes'],
    ['another type', ring, buildFrame(Opcode.binary, message(ring, 0)), 'opcode 2 where 1 is due'],
    ['a shorter message', ring, buildFrame(ring.opcode, message(ring, 0).subarray(0, 150)), 'a shorter message'],
    ['a longer message', ring, buildFrame(ring.opcode, ring.payload.subarray(0, 201)), 'a longer message'],
    [
      'two messages as one',
      ring,
      Buffer.concat([echoInFrames(ring, 0, 200).subarray(0, 204), echo(ring, 1)]),
      'opcode 1 where 0 is due',
    ],
    ['a masked frame', ring, buildFrame(ring.opcode, message(ring, 0), { maskingKey: () => 0 }), 'a masked frame'],
    ['a reserved bit', ring, flipped(echo(ring, 0), 0).fill(0xa1, 0, 1), 'a reserved bit'],
    ['a length in too many bytes', ring, Buffer.from([0x81, 126, 0, 5, 1, 2, 3, 4, 5]), 'more bytes than it needs'],
    ['a fragmented ping', ring, Buffer.from([0x09, 0]), 'a malformed control frame'],
    ['compression that was not negotiated', ring, compressedEcho(ring, 0), 'a compressed message'],
    ['another compressed message', compressed, compressedEcho(compressed, 1), 'other bytes'],
    [
      'a message that cannot be inflated',
      compressed,
      buildFrame(compressed.opcode, Buffer.alloc(9, 0xff), { isCompressed: true }),
      'cannot be inflated',
    ],
  ];

  it.each(wrongEchoes)('refuses %s in reads of any length', (_, of, bytes, fault) => {
    for (let readLength = 1; readLength <= bytes.length; readLength++) {
      expect(() => verify(of, bytes, readLength)).toThrow(
        expect.objectContaining({ name: EchoError.name, message: expect.stringContaining(fault) }),
      );
    }
  });
});
