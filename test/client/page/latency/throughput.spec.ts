import { SHOWN_SECONDS, Throughput } from '../../../../client/page/latency/throughput.js';

describe('The throughput', () => {
  it('is counted per second and direction', () => {
    const throughput = new Throughput();
    throughput.add('Client', 10, 500);
    throughput.add('Client', 20, 999);
    throughput.add('Server', 5, 1_000);

    expect(throughput.rates('Client', 2_500).slice(-2)).toEqual([
      { messages: 2, bytes: 30 },
      { messages: 0, bytes: 0 },
    ]);
    expect(throughput.rates('Server', 2_500).at(-1)).toEqual({ messages: 1, bytes: 5 });
  });

  it('of more than a minute ago is dropped', () => {
    const throughput = new Throughput();
    throughput.add('Client', 10, 500);

    expect(throughput.rates('Client', 70_000)).toEqual(
      Array.from({ length: SHOWN_SECONDS }, () => ({ messages: 0, bytes: 0 })),
    );
  });
});
