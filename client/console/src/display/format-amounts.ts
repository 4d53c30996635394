/** A duration in milliseconds or seconds: `0.41 ms`, `12.3 ms`, `1.25 s`. */
export function formatDuration(milliseconds: number): string {
  return milliseconds < 1000 ? `${threeDigits(milliseconds)} ms` : `${threeDigits(milliseconds / 1000)} s`;
}

/** A size in the largest unit below it: `5 bytes`, `64 KiB`, `1.26 MiB`. */
export function formatSize(bytes: number): string {
  const exponent = Math.min(3, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const number = roundedForDisplay(bytes / 1024 ** exponent);
  return exponent === 0 ? quantity(number, 'byte') : `${number} ${['', 'KiB', 'MiB', 'GiB'][exponent]}`;
}

/** A number rounded to about three digits: `0.49`, `49.9`, `1999`. */
export function roundedForDisplay(number: number): number {
  return Number(threeDigits(number));
}

/** A number with its noun: `1 byte`, `2 bytes`. */
export function quantity(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function threeDigits(value: number): string {
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}
