import { frameHeaderLength, writeFrameHeader } from '../../../../libs/websockets/src/protocol/frame-header.js';

describe('writeFrameHeader', () => {
  it.each<[number, number[]]>([
    [0, [0x82, 0]],
    [125, [0x82, 125]],
    [126, [0x82, 126, 0, 126]],
    [65535, [0x82, 126, 0xff, 0xff]],
    [65536, [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]],
    [2 ** 32 + 5, [0x82, 127, 0, 0, 0, 1, 0, 0, 0, 5]],
  ])('writes the length %d in the shortest field', (length, bytes) => {
    const target = Buffer.alloc(20, 0xee);
    const end = writeFrameHeader(target, 3, 0x82, length);
    expect([...target.subarray(3, end)]).toEqual(bytes);
    expect(end - 3).toBe(frameHeaderLength(length));
  });
});
