import type { Fragment } from '../../../../libs/websockets/src/protocol/fragment.js';
import { FrameParser } from '../../../../libs/websockets/src/protocol/frame-parser.js';
import { binary, text } from './client-frame.js';

function eachFragment(bytes: Buffer, onFragment: (fragment: Fragment) => void): void {
  const nothing = (): void => {};
  const parser = new FrameParser({ onFragment, onPing: nothing, onPong: nothing, onCloseFrame: nothing }, 65536);
  parser.isFlowing = true;
  parser.parse(bytes);
}

describe('Fragment', () => {
  it.each([
    ['text', text('x'.repeat(64)), false],
    ['a few bytes', binary(Buffer.alloc(64, 'x')), true],
    ['bytes up to the size that stays masked', binary(Buffer.alloc(320, 'x')), true],
    ['more bytes', binary(Buffer.alloc(321, 'x')), false],
    ['many bytes', binary(Buffer.alloc(5000, 'x')), false],
  ])('returns the bytes of %s unmasked, at every call', (_, frame, isMasked) => {
    let count = 0;
    eachFragment(frame, (fragment) => {
      count++;
      expect(fragment.maskingKey !== 0).toBe(isMasked);
      for (let i = 0; i < 3; i++) {
        expect(fragment.data.toString()).toBe('x'.repeat(fragment.length));
        expect(fragment.maskingKey).toBe(0);
      }
    });
    expect(count).toBe(1);
  });

  it('unmasks only its own bytes', () => {
    const frames = [binary(Buffer.from('first')), binary(Buffer.from('second')), binary(Buffer.from('third'))];
    const seen: string[] = [];
    eachFragment(Buffer.concat(frames), (fragment) =>
      seen.push(seen.length === 1 ? 'skipped' : fragment.data.toString()),
    );
    expect(seen).toEqual(['first', 'skipped', 'third']);
  });
});
