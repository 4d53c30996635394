/* Figures as people read them, with no more digits than come out the same in the next run. */

/** `0.42x`, `1.0x`, `12x`, `119x`. */
export function formatRatio(ratio: number): string {
  return `${ratio < 9.95 ? ratio.toPrecision(2) : ratio.toFixed(0)}x`;
}

/** @param milliseconds shown in the unit that fits */
export function formatTime(milliseconds: number): string {
  const [factor, unit] = milliseconds < 1 ? [1000, 'µs'] : milliseconds < 1000 ? [1, 'ms'] : [0.001, 's'];
  return `${significant(milliseconds * factor, 3)} ${unit}`;
}

/** @param bytes shown in the unit that fits */
export function formatBytes(bytes: number): string {
  const [factor, unit] = Math.abs(bytes) < 1024 ** 2 ? [1 / 1024, 'KiB'] : [1 / 1024 ** 2, 'MiB'];
  return `${significant(bytes * factor, 3)} ${unit}`;
}

export function formatCount(value: number): string {
  return value < 10 ? significant(value, 2) : Math.round(Number(value.toPrecision(3))).toLocaleString('en');
}

export function formatPercent(share: number): string {
  return `${Math.round(share * 100)}%`;
}

/** Without the exponent that `toPrecision` would write. */
function significant(value: number, digits: number): string {
  return Number(value.toPrecision(digits)).toLocaleString('en', { maximumSignificantDigits: digits });
}
