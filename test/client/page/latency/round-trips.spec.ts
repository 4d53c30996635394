import { KEPT_ROUND_TRIPS, RoundTrips } from '../../../../client/page/latency/round-trips.js';

function roundTripsOf(...times: number[]): RoundTrips {
  const roundTrips = new RoundTrips();
  for (const time of times) {
    roundTrips.add(time);
  }
  return roundTrips;
}

describe('Round-trip times', () => {
  it('have no statistics before the first one', () => {
    expect(new RoundTrips().summary()).toBeUndefined();
    expect(new RoundTrips().histogram()).toEqual([]);
  });

  it.each([
    [[5], { count: 1, min: 5, median: 5, p99: 5, max: 5 }],
    [[3, 1, 2, 4], { count: 4, min: 1, median: 2, p99: 4, max: 4 }],
    [Array.from({ length: 200 }, (_, index) => 200 - index), { count: 200, min: 1, median: 100, p99: 198, max: 200 }],
  ])('of %j have percentiles by nearest rank', (times, expected) => {
    expect(roundTripsOf(...times).summary()).toEqual(expected);
  });

  it('are counted in bars of 1, 2 and 5', () => {
    expect(roundTripsOf(0.3, 0.5, 1, 1.9, 6).histogram()).toEqual([
      { from: 0.2, to: 0.5, count: 1 },
      { from: 0.5, to: 1, count: 1 },
      { from: 1, to: 2, count: 2 },
      { from: 2, to: 5, count: 0 },
      { from: 5, to: 10, count: 1 },
    ]);
    expect(roundTripsOf(0).histogram()).toEqual([{ from: 0.01, to: 0.02, count: 1 }]);
  });

  it('are limited to the latest 10,000', () => {
    const roundTrips = roundTripsOf(...Array.from({ length: KEPT_ROUND_TRIPS + 5 }, (_, index) => index));

    expect(roundTrips.total).toBe(10_005);
    expect(roundTrips.summary()).toMatchObject({ count: 10_000, min: 5, max: 10_004 });
    expect(roundTrips.latest(2)).toEqual([10_003, 10_004]);
  });
});
