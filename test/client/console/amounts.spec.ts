import { parseDuration, parseSize } from 'nest-ws-echo-client/amounts';

describe('A duration', () => {
  it.each([
    ['0', 0],
    ['0s', 0],
    ['1500', 1500],
    ['500ms', 500],
    ['30s', 30_000],
    ['30S', 30_000],
    ['30 s', 30_000],
    ['30  s', 30_000],
    ['1.5s', 1500],
    ['1.001s', 1001],
    ['0.5 m', 30_000],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['2147483647', 2_147_483_647],
  ])('of %j is %d milliseconds', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each([
    ['has no digits', ['', 's', ' ', 'soon', 'Infinity']],
    ['has a sign', ['-1', '+1']],
    ['has another unit', ['1d', '30sec', '1e3', '0x10']],
    ['has several units', ['30s30s', '1m 30s', '25h5']],
    ['has an incomplete fraction', ['.5s', '1.s', '1,5s']],
    ['has spaces around it', [' 30s', '30s ']],
    ['has a fraction of a millisecond', ['0.5ms', '0.5', '1.0005s']],
    ['is longer than the maximum of a timer', ['2147483648', '597h', '99999999999999999999s']],
  ])('that %s is rejected', (_fault, texts) => {
    expect(texts.map(parseDuration)).toEqual(texts.map(() => undefined));
  });
});

describe('A size', () => {
  it.each([
    ['0', 0],
    ['4096', 4096],
    ['17b', 17],
    ['17 B', 17],
    ['64KiB', 65_536],
    ['64kib', 65_536],
    ['64 KiB', 65_536],
    ['1MiB', 1_048_576],
    ['1  MiB', 1_048_576],
    ['2GiB', 2_147_483_648],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ])('of %j is %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each([
    ['has no digits', ['', 'KiB', 'large']],
    ['has a sign', ['-1', '+1']],
    ['has a fraction', ['1.5MiB', '0.5']],
    ['has an ambiguous or unknown unit', ['64K', '64KB', '1M', '1MB', '1TiB', '0x10', '1e3']],
    ['exceeds the safe integers', ['9007199254740992', '9007199254740991KiB']],
  ])('that %s is rejected', (_fault, texts) => {
    expect(texts.map(parseSize)).toEqual(texts.map(() => undefined));
  });
});
