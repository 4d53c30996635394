import { rowWindow } from '../../../../client/page/log/row-window.js';

describe('The rendered rows', () => {
  it.each([
    ['at the top', 0, 100_000, { start: 0, end: 19 }],
    ['in the middle', 50_000 * 20, 100_000, { start: 49_992, end: 50_019 }],
    ['at the end', 100_000 * 20 - 200, 100_000, { start: 99_981, end: 100_000 }],
    ['of a short log', 0, 3, { start: 0, end: 3 }],
    ['of an empty log', 0, 0, { start: 0, end: 0 }],
    ['of a log that has become shorter', 10_000, 3, { start: 0, end: 3 }],
  ])('%s are the visible rows and a few around them', (_where, scrollTop, count, expected) => {
    expect(rowWindow({ scrollTop, viewHeight: 200, rowHeight: 20, count })).toEqual(expected);
  });
});
