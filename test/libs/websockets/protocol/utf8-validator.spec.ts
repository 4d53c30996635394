import { isUtf8 } from 'node:buffer';
import { Utf8Validator } from '../../../../libs/websockets/src/protocol/utf8-validator.js';

/** The index at which a validator rejects single bytes; -1 if it accepts them all. */
function firstBadByte(bytes: Buffer): number {
  const validator = new Utf8Validator();
  for (let at = 0; at < bytes.length; at++) {
    if (!validator.accepts(bytes, at, at + 1)) {
      return at;
    }
  }
  return -1;
}

/** The sequences on which a validator and the platform disagree. */
function disagreements(sequences: Iterable<number[]>): number[][] {
  return Array.from(sequences).filter((sequence) => {
    const bytes = Buffer.from(sequence);
    const validator = new Utf8Validator();
    return (validator.accepts(bytes, 0, bytes.length) && validator.isComplete) !== isUtf8(bytes);
  });
}

function* upToTwoBytes(): Generator<number[]> {
  for (let first = 0; first < 256; first++) {
    yield [first];
    for (let second = 0; second < 256; second++) {
      yield [first, second];
    }
  }
}

function* threeAndFourBytes(): Generator<number[]> {
  const edges = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];
  for (let first = 0xe0; first < 256; first++) {
    for (const second of edges) {
      for (const third of edges) {
        yield [first, second, third];
        yield* edges.map((fourth) => [first, second, third, fourth]);
      }
    }
  }
}

describe('Utf8Validator', () => {
  it('agrees with the platform on every sequence of one and two bytes', () => {
    expect(disagreements(upToTwoBytes())).toEqual([]);
  });

  it('agrees with the platform on sequences of three and four bytes around every boundary', () => {
    expect(disagreements(threeAndFourBytes())).toEqual([]);
  });

  it.each<[string, number[], number]>([
    ['a lone continuation byte', [0x61, 0x80], 1],
    ['an overlong form of two bytes', [0xc0, 0xaf], 0],
    ['an overlong form of three bytes', [0xe0, 0x9f, 0xbf], 1],
    ['an overlong form of four bytes', [0xf0, 0x8f, 0xbf, 0xbf], 1],
    ['a surrogate', [0xed, 0xa0, 0x80], 1],
    ['what is above U+10FFFF', [0xf4, 0x90, 0x80, 0x80], 1],
    ['a byte that UTF-8 does not have', [0x61, 0xff], 1],
    ['a truncated character before another one', [0xe2, 0x82, 0x61], 2],
    ['nothing: the last character of all', [0xf4, 0x8f, 0xbf, 0xbf], -1],
    ['nothing: U+FFFF, which is not a character but well-formed', [0xef, 0xbf, 0xbf], -1],
  ])('rejects %s at the first invalid byte', (_name, bytes, at) => {
    expect(firstBadByte(Buffer.from(bytes))).toBe(at);
  });

  it('gives the same result for every split of a long text', () => {
    const bytes = Buffer.from('aé€🎉'.repeat(20));
    const wrong: number[][] = [];
    for (let first = 0; first <= bytes.length; first++) {
      for (let second = first; second <= bytes.length; second += 7) {
        const validator = new Utf8Validator();
        const isAccepted =
          validator.accepts(bytes, 0, first) &&
          validator.accepts(bytes, first, second) &&
          validator.accepts(bytes, second, bytes.length);
        if (!isAccepted || !validator.isComplete) {
          wrong.push([first, second]);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('finds an invalid byte at every offset of a long text', () => {
    const accepted: number[][] = [];
    for (let at = 0; at < 200; at++) {
      for (const length of [at + 1, 200]) {
        const bytes = Buffer.alloc(length, 0x61);
        bytes[at] = 0xff;
        if (new Utf8Validator().accepts(bytes, 0, length)) {
          accepted.push([at, length]);
        }
      }
    }
    expect(accepted).toEqual([]);
  });

  it.each([1, 2, 3])('reports a truncated character after a long text, with %i of four bytes', (has) => {
    const bytes = Buffer.concat([Buffer.alloc(100, 0x61), Buffer.from('🎉').subarray(0, has)]);
    const validator = new Utf8Validator();
    expect(validator.accepts(bytes, 0, bytes.length)).toBe(true);
    expect(validator.isComplete).toBe(false);
  });
});
