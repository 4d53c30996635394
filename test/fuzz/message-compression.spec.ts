import * as fc from 'fast-check';
import { compressedDifferenceOf, compressedDifferences } from './compressed-differences.js';
import { compressedStream, validCompressedStream } from './compressed-streams.js';
import { transcribeCompressed, transcribeCompressedWithWs } from './compressed-transcripts.js';
import { cut, cutting } from './frames.js';
import { PATIENCE, runs } from './runs.js';
import { transcribe } from './transcripts.js';

const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

describe('Fuzzing: our parser, with permessage-deflate', () => {
  it(
    'reads valid compressed messages like the same messages without compression',
    () =>
      fc.assert(
        fc.asyncProperty(
          validCompressedStream,
          cutting,
          fc.oneof(fc.integer({ min: 1, max: 200 }), fc.constantFrom(4096, 65536)),
          async ({ agreement, hex, plain }, how, receiveBufferSize) => {
            const lines = await transcribeCompressed(cut(bytesOf(hex), how), agreement, receiveBufferSize);
            const inOrder = (kind: RegExp, of: readonly string[]): string[] => of.filter((line) => kind.test(line));
            const expected = transcribe([bytesOf(plain)]);
            expect(inOrder(/^(text|binary|error)/, lines)).toEqual(inOrder(/^(text|binary|error)/, expected));
            expect(inOrder(/^(ping|pong)/, lines)).toEqual(inOrder(/^(ping|pong)/, expected));
          },
        ),
        runs(300),
      ),
    PATIENCE,
  );

  it(
    'agrees with ws on any bytes, apart from the listed differences',
    () =>
      fc.assert(
        fc.asyncProperty(compressedStream, cutting, async ({ agreement, hex }, how) => {
          const bytes = bytesOf(hex);
          const reads = cut(bytes, how);
          const ours = await transcribeCompressed(reads, agreement);
          const theirs = await transcribeCompressedWithWs(reads, agreement);
          if (ours.join('\n') !== theirs.join('\n')) {
            const difference = await compressedDifferenceOf({ bytes, agreement, ours, theirs });
            expect({ ours, theirs, difference }).toMatchObject({ difference: expect.any(String) });
          }
        }),
        runs(600),
      ),
    PATIENCE,
  );

  it.each(compressedDifferences)('differs from ws deliberately: $name ($section)', async ({ name, example }) => {
    const bytes = bytesOf(example);
    const agreement = { bits: 15, takesOver: true };
    const ours = await transcribeCompressed([bytes], agreement);
    const theirs = await transcribeCompressedWithWs([bytes], agreement);
    expect(ours).not.toEqual(theirs);
    expect(await compressedDifferenceOf({ bytes, agreement, ours, theirs })).toBe(name);
  });
});
