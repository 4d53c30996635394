import { FrameScanner, type FrameHead } from '../../../../client/console/src/connection/frame-tap.js';
import { clientFrame } from '../../../libs/websockets/protocol/client-frame.js';

/** The bytes of frames, and the expected results. */
function frame(opcode: number, length: number, fin: boolean, masked: boolean, rsv1: boolean): [Buffer, FrameHead] {
  const bytes = clientFrame({ opcode, fin, masked, reserved: rsv1 ? 4 : 0, payload: Buffer.alloc(length, 'x') });
  return [bytes, { opcode, fin, masked, rsv: [rsv1, false, false], length }];
}

const frames = [
  frame(1, 0, true, true, false),
  frame(1, 125, false, false, true),
  frame(0, 126, false, true, false),
  frame(0, 65_535, true, false, false),
  frame(9, 5, true, true, false),
  frame(2, 65_536, true, true, true),
  frame(8, 2, true, false, false),
];

describe('The frame reader', () => {
  it.each([1, 2, 3, 7, 13, 1000, 1_000_000])('finds every frame in pieces of %i bytes', (size) => {
    const bytes = Buffer.concat(frames.map(([encoded]) => encoded));
    const found: FrameHead[] = [];
    const reader = new FrameScanner((head) => found.push(head));
    for (let start = 0; start < bytes.length; start += size) {
      reader.read(bytes.subarray(start, start + size));
    }

    expect(found).toEqual(frames.map(([, head]) => head));
  });

  it('reports a frame as soon as its header is complete', () => {
    const found: FrameHead[] = [];
    const reader = new FrameScanner((head) => found.push(head));
    reader.read(Buffer.from([0x82, 127, 0, 0, 0, 1, 0, 0, 0]));
    expect(found).toEqual([]);
    reader.read(Buffer.from([0]));

    expect(found).toMatchObject([{ opcode: 2, length: 2 ** 32 }]);
  });

  it('accepts any reserved bits and opcodes', () => {
    const found: FrameHead[] = [];
    new FrameScanner((head) => found.push(head)).read(Buffer.from([0x3b, 0]));

    expect(found).toEqual([{ opcode: 11, fin: false, masked: false, rsv: [false, true, true], length: 0 }]);
  });
});
