import { MessageRing } from '../../../bench/client/message-ring.js';

describe('MessageRing', () => {
  it.each([
    [32, 1024],
    [1024, 256],
    [65536, 4],
    [1024 * 1024, 2],
    [4 * 1024 * 1024, 1],
  ])('keeps of messages of %d bytes %d different ones', (size, count) => {
    const ring = new MessageRing({ size, content: 'binary' }, false);
    expect(ring.count).toBe(count);
    expect(ring.payload).toHaveLength(size * count);
    expect(ring.frameOffsets).toHaveLength(count + 1);
    expect(ring.frameOffsets.at(-1)).toBe(ring.frames.length);
  });

  it('has text of whole characters, of the length that was asked for', () => {
    const ring = new MessageRing({ size: 1000, content: 'utf8' }, false);
    const first = ring.payload.subarray(0, ring.messageLength);
    expect(first).toHaveLength(1000);
    expect(Buffer.from(first.toString()).equals(first)).toBe(true);
    expect(first.toString().length).toBeLessThan(1000);
  });

  it('masks each frame with a key of its own', () => {
    const ring = new MessageRing({ size: 6, content: 'text', fragmentSize: 3 }, false);
    const [first, second] = [ring.frames.subarray(0, 9), ring.frames.subarray(9, 18)];
    expect([first[0], first[1]]).toEqual([0x01, 0x83]);
    expect([second[0], second[1]]).toEqual([0x80, 0x83]);
    expect(first.subarray(2, 6)).not.toEqual(second.subarray(2, 6));
    const unmasked = [first, second].flatMap((frame) =>
      Array.from(frame.subarray(6), (byte, i) => byte ^ frame[2 + i]),
    );
    expect(Buffer.from(unmasked)).toEqual(ring.payload.subarray(0, 6));
  });

  it('makes events that come back from a stock Nest gateway as they were sent', () => {
    const ring = new MessageRing({ size: 100, content: 'utf8' }, true);
    const text = ring.payload.subarray(0, ring.messageLength).toString();
    const event = JSON.parse(text) as { event: string; data: string };
    expect(event.event).toBe('echo');
    expect(Buffer.byteLength(event.data)).toBe(100);
    expect(JSON.stringify(event)).toBe(text);
  });
});
