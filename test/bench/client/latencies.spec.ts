import { Latencies } from '../../../bench/client/latencies.js';
import { SendTimes } from '../../../bench/client/send-times.js';

describe('Latencies', () => {
  it('finds percentiles within one part in 128', () => {
    const latencies = new Latencies();
    for (let tenths = 1; tenths <= 10_000; tenths++) {
      latencies.add(tenths / 10, 1);
    }
    const { p50, p90, p99, p999, max } = latencies.summary();
    expect(Math.abs(p50 / 500 - 1)).toBeLessThan(1 / 128);
    expect(Math.abs(p90 / 900 - 1)).toBeLessThan(1 / 128);
    expect(Math.abs(p99 / 990 - 1)).toBeLessThan(1 / 128);
    expect(Math.abs(p999 / 999 - 1)).toBeLessThan(1 / 128);
    expect(max).toBe(1000);
  });

  it.each([1e-7, 0.001, 1, 60_000, 1e9])('takes a message that took %d ms', (milliseconds) => {
    const latencies = new Latencies();
    latencies.add(milliseconds, 3);
    expect(latencies.summary().max).toBe(milliseconds);
    expect(latencies.summary().p50).toBeLessThanOrEqual(milliseconds);
  });

  it('is zero while there is none', () => {
    expect(new Latencies().summary()).toEqual({ p50: 0, p90: 0, p99: 0, p999: 0, max: 0 });
  });
});

describe('SendTimes', () => {
  it('gives messages the time at which they were sent, however they come back', () => {
    const added: [number, number][] = [];
    const latencies = { add: (milliseconds: number, messages: number) => added.push([milliseconds, messages]) };
    const times = new SendTimes(4);
    times.add(4, 10);
    times.take(1, 11, latencies);
    times.add(1, 11);
    times.take(3, 15, latencies);
    times.add(3, 15);
    times.take(4, 20, latencies);
    expect(added).toEqual([
      [1, 1],
      [5, 3],
      [9, 1],
      [5, 3],
    ]);
  });
});
