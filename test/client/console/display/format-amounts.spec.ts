import {
  formatDuration,
  formatSize,
  roundedForDisplay,
} from '../../../../client/console/src/display/format-amounts.js';

describe('The display', () => {
  it.each([
    [0.0123, '0.01 ms'],
    [0.41, '0.41 ms'],
    [12.34, '12.3 ms'],
    [123.4, '123 ms'],
    [1234, '1.23 s'],
    [90_000, '90.0 s'],
  ])('of a time of %f ms is %s', (milliseconds, shown) => {
    expect(formatDuration(milliseconds)).toBe(shown);
  });

  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [15.98408626768802, '16 bytes'],
    [1.5, '1.5 bytes'],
    [1023, '1023 bytes'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [1024 ** 2, '1 MiB'],
    [5 * 1024 ** 4, '5120 GiB'],
  ])('of a size of %f bytes is %s', (bytes, shown) => {
    expect(formatSize(bytes)).toBe(shown);
  });

  it.each([
    [0.4995, 0.5],
    [1, 1],
    [49.96, 50],
    [1999.4, 1999],
  ])('of the number %f is %f', (number, shown) => {
    expect(roundedForDisplay(number)).toBe(shown);
  });
});
