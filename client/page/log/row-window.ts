/** Additional rows above and below the view, so that scrolling by a few rows shows no gap. */
const OVERSCAN = 8;

/** The rows to draw, from `start` up to, not including, `end`. */
export interface RowWindow {
  readonly start: number;
  readonly end: number;
}

/** Finds the visible rows. Heights are in CSS pixels. */
export function rowWindow(view: {
  scrollTop: number;
  viewHeight: number;
  rowHeight: number;
  count: number;
}): RowWindow {
  const first = Math.floor(view.scrollTop / view.rowHeight);
  const shown = Math.ceil(view.viewHeight / view.rowHeight) + 1;
  const start = Math.max(0, Math.min(first, view.count - shown) - OVERSCAN);
  return { start, end: Math.max(start, Math.min(view.count, first + shown + OVERSCAN)) };
}
