/** A byte sequence that no further byte can make valid UTF-8. */
export interface BadSequence {
  readonly what: string;
  readonly bytes: Buffer;
  /** The index of the first byte that makes the sequence invalid. */
  readonly wrongAt: number;
}

const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(' ', ''), 'hex');

/** Invalid sequences (RFC 3629 section 4 has the grammar). `|` stands before the invalid byte. */
export const badSequences: readonly BadSequence[] = (
  [
    ['the lowest continuation byte alone', '|80'],
    ['the highest continuation byte alone', '|bf'],
    ['two continuation bytes alone', '|80 bf'],
    ['an extra continuation byte', 'c3 a9 |80'],
    ['an extra continuation byte after three', 'e2 82 ac |80'],
    ['an extra continuation byte after four', 'f0 9f 98 80 |80'],
    ['C0', '|c0'],
    ['C1', '|c1'],
    ['F5', '|f5'],
    ['F6', '|f6'],
    ['F7', '|f7'],
    ['F8', '|f8'],
    ['F9', '|f9'],
    ['FA', '|fa'],
    ['FB', '|fb'],
    ['FC', '|fc'],
    ['FD', '|fd'],
    ['FE', '|fe'],
    ['FF', '|ff'],
    ['FE FF, the byte order mark of UTF-16', '|fe ff'],
    ['U+0000 in two bytes', '|c0 80'],
    ['"/" in two bytes', '|c0 af'],
    ['U+007F in two bytes', '|c1 bf'],
    ['U+0000 in three bytes', 'e0 |80 80'],
    ['"/" in three bytes', 'e0 |80 af'],
    ['U+07FF in three bytes', 'e0 |9f bf'],
    ['U+0000 in four bytes', 'f0 |80 80 80'],
    ['"/" in four bytes', 'f0 |80 80 af'],
    ['U+FFFF in four bytes', 'f0 |8f bf bf'],
    ['"/" in five bytes', '|f8 80 80 80 af'],
    ['"/" in six bytes', '|fc 80 80 80 80 af'],
    ['U+3FFFFFF in five bytes', '|fb bf bf bf bf'],
    ['U+7FFFFFFF in six bytes', '|fd bf bf bf bf bf'],
    ['the first high surrogate, U+D800', 'ed |a0 80'],
    ['the high surrogate U+DB7F', 'ed |ad bf'],
    ['the high surrogate U+DB80', 'ed |ae 80'],
    ['the last high surrogate, U+DBFF', 'ed |af bf'],
    ['the first low surrogate, U+DC00', 'ed |b0 80'],
    ['the low surrogate U+DF80', 'ed |be 80'],
    ['the last low surrogate, U+DFFF', 'ed |bf bf'],
    ['a pair of surrogates, as CESU-8 has it', 'ed |a0 81 ed b0 80'],
    ['U+110000', 'f4 |90 80 80'],
    ['U+13FFFF', 'f4 |bf bf bf'],
    ['U+140000', '|f5 80 80 80'],
    ['U+1FFFFF', '|f7 bf bf bf'],
    ['a two-byte sequence interrupted by ASCII', 'c3 |28'],
    ['a two-byte sequence interrupted by another', 'c3 |c3 a9'],
    ['a three-byte sequence interrupted after one byte', 'e2 |28 a1'],
    ['a three-byte sequence interrupted after two bytes', 'e2 82 |28'],
    ['a three-byte sequence interrupted by another', 'e2 82 |e2 82 ac'],
    ['a four-byte sequence interrupted after one byte', 'f0 |28 8c bc'],
    ['a four-byte sequence interrupted after two bytes', 'f0 90 |28 bc'],
    ['a four-byte sequence interrupted after three bytes', 'f0 90 8c |28'],
    ['a four-byte sequence interrupted by another', 'f0 90 8c |f0 90 8c bc'],
    ['a two-byte sequence whose second byte is too high', 'df |c0'],
    ['a three-byte sequence whose second byte is too low', 'e1 |7f 80'],
    ['a three-byte sequence whose third byte is too high', 'ef bf |c0'],
    ['a four-byte sequence whose fourth byte is too low', 'f1 80 80 |7f'],
  ] as const
).map(([what, digits]) => ({
  what,
  bytes: hex(digits.replace('|', '')),
  wrongAt: hex(digits.slice(0, digits.indexOf('|'))).length,
}));

/** Truncated sequences: valid so far, and invalid when the message ends there. */
export const cutCharacters: readonly { readonly what: string; readonly bytes: Buffer }[] = [
  ['the lowest first byte of two', 'c2'],
  ['the highest first byte of two', 'df'],
  ['the lowest first byte of three', 'e0'],
  ['the highest first byte of three', 'ef'],
  ['the lowest two bytes of three', 'e0 a0'],
  ['two bytes of three, just below the surrogates', 'ed 9f'],
  ['the highest two bytes of three', 'ef bf'],
  ['the lowest first byte of four', 'f0'],
  ['the highest first byte of four', 'f4'],
  ['the lowest two bytes of four', 'f0 90'],
  ['the highest two bytes of four', 'f4 8f'],
  ['the lowest three bytes of four', 'f0 90 80'],
  ['the highest three bytes of four', 'f4 8f bf'],
].map(([what, digits]) => ({ what, bytes: hex(digits) }));

/** Valid UTF-8 that a careless validator could reject. */
export const goodTexts: readonly (readonly [what: string, text: string])[] = [
  ['Greek', 'κόσμε'],
  ['sequences of every length', 'aé€😀'],
  ['U+0000', '\0'],
  ['the last character of one byte, U+007F', '\x7f'],
  ['the first of two, U+0080', '\x80'],
  ['the last of two, U+07FF', '\u{7ff}'],
  ['the first of three, U+0800', '\u{800}'],
  ['the last that begins with E0, U+0FFF', '\u{fff}'],
  ['the first that begins with E1, U+1000', '\u{1000}'],
  ['the last that begins with EC, U+CFFF', '\u{cfff}'],
  ['the first that begins with ED, U+D000', '\u{d000}'],
  ['the last before the surrogates, U+D7FF', '\u{d7ff}'],
  ['the first after the surrogates, U+E000', '\u{e000}'],
  ['the last of three, U+FFFF, which is no character', '\u{ffff}'],
  ['U+FFFE, which is no character', '\u{fffe}'],
  [
    'U+FDD0 to U+FDEF, which are no characters',
    String.fromCodePoint(...Array.from({ length: 32 }, (_, i) => 0xfdd0 + i)),
  ],
  ['the replacement character', '\u{fffd}'],
  ['a byte order mark', '\u{feff}'],
  ['the first of four, U+10000', '\u{10000}'],
  ['the last that begins with F0, U+3FFFF', '\u{3ffff}'],
  ['the first that begins with F1, U+40000', '\u{40000}'],
  ['the last that begins with F3, U+FFFFF', '\u{fffff}'],
  ['the first that begins with F4, U+100000', '\u{100000}'],
  ['the last there is, U+10FFFF, which is no character', '\u{10ffff}'],
  [
    'the last two code points of each plane, which are noncharacters',
    Array.from({ length: 17 }, (_, plane) =>
      String.fromCodePoint(plane * 0x10000 + 0xfffe, plane * 0x10000 + 0xffff),
    ).join(''),
  ],
  ['combining marks', 'Z̸̢̛͔̗a̷̡͚̽l̵̰̓g̶̫̏o̴͇͌'],
  ['emoji of several code points', '👩‍👩‍👧‍👦🏳️‍🌈'],
];
