import { Latencies } from '../../../client/console/src/latencies.js';

describe('Latencies', () => {
  it('have no statistics without a value', () => {
    const { count, min, max } = new Latencies();

    expect([count, min, max, new Latencies().percentile(50)]).toEqual([0, undefined, undefined, undefined]);
  });

  it('have a precision of one thousandth', () => {
    const latencies = new Latencies();
    for (let value = 1; value <= 1000; value++) {
      latencies.record(value);
    }

    for (const [share, value] of [
      [50, 500],
      [90, 900],
      [99, 990],
      [99.9, 999],
    ] as const) {
      expect(Math.abs((latencies.percentile(share) ?? 0) / value - 1)).toBeLessThan(0.001);
    }
    expect(Math.abs((latencies.min ?? 0) - 1)).toBeLessThan(0.001);
    expect(Math.abs((latencies.max ?? 0) / 1000 - 1)).toBeLessThan(0.001);
    expect(latencies.count).toBe(1000);
  });

  it.each([
    [0, 1e-6],
    [-1, 1e-6],
    [1e9, 3_600_000],
  ])('record %d as the nearest possible value, %d', (value, recorded) => {
    const latencies = new Latencies();
    latencies.record(value);

    expect(latencies.count).toBe(1);
    expect(Math.abs((latencies.max ?? 0) / recorded - 1)).toBeLessThan(0.001);
  });
});
