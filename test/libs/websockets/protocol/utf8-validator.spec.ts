import { isUtf8 } from 'node:buffer';
import { Utf8Validator } from '../../../../libs/websockets/src/protocol/utf8-validator.js';

/** Where a validator that gets the bytes one at a time says no; -1 where it does not. */
function firstBadByte(bytes: Buffer): number {
  const validator = new Utf8Validator();
  for (let at = 0; at < bytes.length; at++) {
    if (!validator.accepts(bytes, at, at + 1)) {
      return at;
    }
  }
  return -1;
}

/** The sequences of which a validator says something else than the platform. */
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
  it('agrees with the platform on every sequence of one and of two bytes', () => {
    expect(disagreements(upToTwoBytes())).toEqual([]);
  });

  it('agrees with the platform on sequences of three and four bytes around every edge', () => {
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
    ['a character cut short by another one', [0xe2, 0x82, 0x61], 2],
    ['nothing: the last character of all', [0xf4, 0x8f, 0xbf, 0xbf], -1],
    ['nothing: U+FFFF, which is not a character but well-formed', [0xef, 0xbf, 0xbf], -1],
  ])('finds %s at the first byte that makes it so', (_name, bytes, at) => {
    expect(firstBadByte(Buffer.from(bytes))).toBe(at);
  });

  it('says the same of a long text wherever it is cut, whole pieces or split characters', () => {
    const bytes = Buffer.from('aé€🎉'.repeat(20));
    for (let first = 0; first <= bytes.length; first++) {
      for (let second = first; second <= bytes.length; second += 7) {
        const validator = new Utf8Validator();
        expect(validator.accepts(bytes, 0, first)).toBe(true);
        expect(validator.accepts(bytes, first, second)).toBe(true);
        expect(validator.accepts(bytes, second, bytes.length)).toBe(true);
        expect(validator.isComplete).toBe(true);
      }
    }
  });

  it('finds a bad byte at every place of a long text', () => {
    for (let at = 0; at < 200; at++) {
      for (const length of [at + 1, 200]) {
        const bytes = Buffer.alloc(length, 0x61);
        bytes[at] = 0xff;
        expect(new Utf8Validator().accepts(bytes, 0, length)).toBe(false);
      }
    }
  });

  it.each([1, 2, 3])('says after a long piece that a character lacks bytes, when it has %i of four', (has) => {
    const bytes = Buffer.concat([Buffer.alloc(100, 0x61), Buffer.from('🎉').subarray(0, has)]);
    const validator = new Utf8Validator();
    expect(validator.accepts(bytes, 0, bytes.length)).toBe(true);
    expect(validator.isComplete).toBe(false);
  });
});
