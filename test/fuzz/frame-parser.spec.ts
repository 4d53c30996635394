import * as fc from 'fast-check';
import { differenceOf, differences } from './differences.js';
import { clientStream, validStream } from './frame-streams.js';
import { cut, cutting } from './frames.js';
import { PATIENCE, runs } from './runs.js';
import { transcribe, transcribeWithWs } from './transcripts.js';

const treatment = fc.record({
  receiveBufferSize: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.constantFrom(4096, 65536)),
  stops: fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
  readsOn: fc.boolean(),
  offset: fc.nat(7),
});

const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

describe('Fuzzing: our parser', () => {
  it(
    'agrees with ws on any bytes, apart from the listed differences',
    () => {
      fc.assert(
        fc.property(clientStream, cutting, (hex, how) => {
          const reads = cut(bytesOf(hex), how);
          const [ours, theirs] = [transcribe(reads), transcribeWithWs(reads)];
          if (ours.join('\n') !== theirs.join('\n')) {
            const difference = differenceOf(bytesOf(hex), ours, theirs);
            expect({ ours, theirs, difference }).toMatchObject({ difference: expect.any(String) });
          }
        }),
        runs(1000),
      );
    },
    PATIENCE,
  );

  it.each(differences)('differs from ws deliberately: $name ($section)', ({ name, example }) => {
    const bytes = bytesOf(example);
    const [ours, theirs] = [transcribe([bytes]), transcribeWithWs([bytes])];
    expect(ours).not.toEqual(theirs);
    expect(differenceOf(bytes, ours, theirs)).toBe(name);
  });

  it(
    'gives the same result for every split, fragment size and number of flow stops',
    () =>
      fc.assert(
        fc.property(clientStream, cutting, treatment, (hex, how, treated) => {
          expect(transcribe(cut(bytesOf(hex), how), treated)).toEqual(transcribe([bytesOf(hex)]));
        }),
        runs(1000),
      ),
    PATIENCE,
  );

  it(
    'accepts all valid streams',
    () =>
      fc.assert(
        fc.property(validStream, cutting, treatment, (hex, how, treated) => {
          const lines = transcribe(cut(bytesOf(hex), how), treated);
          expect(lines.filter((line) => line.startsWith('error'))).toEqual([]);
          expect(lines).toEqual(transcribeWithWs([bytesOf(hex)]));
        }),
        runs(400),
      ),
    PATIENCE,
  );
});
