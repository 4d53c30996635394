import { encodeFrame } from '../../../src/lab/peer/frame.js';
import { FrameReader } from '../../../src/lab/peer/frame-reader.js';

const mask = Buffer.from('01020304', 'hex');

describe('The frame reader', () => {
  it.each([0, 125, 126, 65_535, 65_536])(
    'reads a masked frame of %i bytes whose header comes byte by byte',
    (length) => {
      const payload = Buffer.alloc(length, 'abc');
      const bytes = encodeFrame({ opcode: 2, payload, mask });
      const reader = new FrameReader(100_000);

      const head = [...bytes.subarray(0, 20)].flatMap((byte) => reader.push(Buffer.of(byte)));
      const frames = [...head, ...reader.push(bytes.subarray(20))];

      expect(frames).toEqual([{ opcode: 2, fin: true, reserved: 0, masked: true, payload }]);
    },
  );

  it('reads several frames from one chunk, and the rest of the last one from the next', () => {
    const frames = ['one', 'two', 'three'].map((payload) => encodeFrame({ opcode: 1, payload, mask }));
    const bytes = Buffer.concat(frames);
    const reader = new FrameReader(100);

    const first = reader.push(bytes.subarray(0, -2));
    const second = reader.push(bytes.subarray(-2));

    expect([first, second].map((some) => some.map(({ payload }) => payload.toString()))).toEqual([
      ['one', 'two'],
      ['three'],
    ]);
  });

  it('returns frames that violate the protocol unchanged', () => {
    expect(new FrameReader(100).push(Buffer.from('7b0178', 'hex'))).toMatchObject([
      { opcode: 11, fin: false, reserved: 7, masked: false },
    ]);
  });

  it.each(['827e0065', '827f0000000000000065', '827fffffffffffffffff'])(
    'refuses the length of %s at its header',
    (hex) => {
      expect(() => new FrameReader(100).push(Buffer.from(hex, 'hex'))).toThrow('the lab takes at most 100');
    },
  );
});
