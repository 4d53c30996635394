/** A random number of 32 bits. */
export type Random = () => number;

/** Marsaglia's xorshift: the same numbers in every run and for every server. */
export function seededRandom(seed: number): Random {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>>= 0);
  };
}

const words = 'the quick brown fox jumps over a lazy dog and returns every word that it was given'.split(' ');
const wordsOfTheWorld = 'naïve café Straße λόγος мир שלום 漢字 かな 한국어 नमस्ते 😀 𝄞 and plain words too'.split(' ');

/** Words: text that a server may put into JSON as it is, and that can be compressed as text is. */
export function randomText(size: number, isInternational: boolean, random: Random): Buffer {
  const vocabulary = (isInternational ? wordsOfTheWorld : words).map((word) => Buffer.from(`${word} `));
  const text = Buffer.alloc(size, '.');
  for (let at = 0; at < size;) {
    const word = vocabulary[random() % vocabulary.length];
    if (word.length > size - at) {
      break;
    }
    at += word.copy(text, at);
  }
  return text;
}

export function randomBytes(size: number, random: Random): Buffer {
  const words32 = Uint32Array.from({ length: Math.ceil(size / 4) }, random);
  return Buffer.from(words32.buffer, 0, size);
}
