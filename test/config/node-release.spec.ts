import { endOfLifeWarning, hasSafeHttp2, http2OffNotice } from '../../src/config/node-release.js';

describe('HTTP/2', () => {
  it.each([20, 22, 23])('is off by default on Node.js %d, whose process a client can end through HTTP/2', (release) => {
    expect(hasSafeHttp2(release)).toBe(false);
    expect(http2OffNotice(release)).toContain(`a client can end a process of Node.js ${release}`);
  });

  it.each([24, 26])('is on by default on Node.js %d', (release) => {
    expect(hasSafeHttp2(release)).toBe(true);
    expect(http2OffNotice(release)).toBeUndefined();
  });
});

describe('The end-of-life warning', () => {
  it.each([
    [20, '2026-04-30T23:59:59Z', undefined],
    [20, '2026-05-01T00:00:00Z', 'Node.js 20 is past its end of life (2026-04-30)'],
    [22, '2026-11-26T00:00:00Z', undefined],
    [25, '2026-11-26T00:00:00Z', 'Node.js 25 is past its end of life (2026-06-01)'],
    [28, '2040-01-01T00:00:00Z', undefined],
  ])('on Node.js %d at %s is %p', (release, now, expected) => {
    expect(endOfLifeWarning(release, new Date(now))?.startsWith(expected ?? '')).toBe(expected && true);
  });
});
