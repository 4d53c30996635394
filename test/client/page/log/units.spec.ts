import { durationText, sizeText, timeText } from '../../../../client/page/log/units.js';

it.each([
  [0, '0 B'],
  [1_023, '1023 B'],
  [1_024, '1 KiB'],
  [1_536, '1.5 KiB'],
  [100 * 1_048_576, '100 MiB'],
])('%d bytes are displayed as %s', (bytes, expected) => {
  expect(sizeText(bytes)).toBe(expected);
});

it.each([
  [0.4234, '0.42 ms'],
  [17.25, '17.3 ms'],
  [999.4, '999 ms'],
  [1_234, '1.23 s'],
  [61_000, '61.0 s'],
])('%d milliseconds are displayed as %s', (milliseconds, expected) => {
  expect(durationText(milliseconds)).toBe(expected);
});

it('A time of day includes milliseconds', () => {
  expect(timeText(new Date(2026, 4, 4, 9, 5, 1, 25).getTime())).toBe('09:05:01.025');
});
