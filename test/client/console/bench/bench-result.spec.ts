import { benchLines, caveats, type BenchResult } from '../../../../client/console/src/bench/bench-result.js';
import { keepSchedule } from '../../../../client/console/src/bench/bench-run.js';
import { Latencies } from '../../../../client/console/src/latencies.js';

const load = { connections: 2, inFlight: 1, duration: 1000, size: 1024, binary: false, verify: false };

function result(changed: Partial<BenchResult> = {}): BenchResult {
  const latencies = new Latencies();
  latencies.record(1);
  return {
    load,
    url: 'ws://a.example/',
    duration: 1000,
    sent: 1000,
    echoed: 1000,
    perSecond: 1000,
    unanswered: 0,
    unsent: 0,
    differed: 0,
    lostConnections: 0,
    latencies,
    lateness: new Latencies(),
    busy: 0.1,
    ...changed,
  };
}

describe('The result of a benchmark', () => {
  it('states the load, the received amount, and the duration', () => {
    expect(benchLines(result())).toEqual([
      'ws://a.example/: text messages of 1 KiB on 2 connections, 1 in flight on each (closed loop)',
      'echoes   1000 in 1.00 s, 1000 a second, 1000 KiB a second each way',
      'latency  min 1.00 ms  p50 1.00 ms  p90 1.00 ms  p99 1.00 ms  p99.9 1.00 ms  p99.99 1.00 ms  max 1.00 ms',
    ]);
  });

  it('rounds small numbers', () => {
    const little = { load: { ...load, connections: 1, rate: 0.5, size: 32 }, echoed: 1, perSecond: 0.49950269593 };

    expect(benchLines(result(little))).toEqual([
      'ws://a.example/: text messages of 32 bytes on 1 connection, 0.5 a second, on schedule (open loop)',
      'echoes   1 in 1.00 s, 0.5 a second, 16 bytes a second each way',
      expect.any(String),
    ]);
  });

  it.each([
    [{ unanswered: 3 }, 'faults   3 without an echo'],
    [{ unsent: 2, differed: 1 }, 'faults   2 due and not sent, 1 echo differed'],
    [{ lostConnections: 1 }, 'faults   1 connection lost'],
    [{ differed: 2, lostConnections: 2 }, 'faults   2 echoes differed, 2 connections lost'],
  ])('lists the faults: %j', (faults, line) => {
    expect(benchLines(result(faults)).at(-1)).toBe(line);
  });

  it.each([
    ['that a closed loop hides delays', {}, /^Closed loop: .+ --rate sends on a schedule/],
    [
      'the reference time of a schedule',
      { load: { ...load, rate: 100 } },
      /^Latency counts from when a message was due/,
    ],
    ['that the client was busy', { busy: 0.97 }, /^This client was busy for 97% of the time/],
    ['the limits of percentiles', { unanswered: 1 }, /too low\.$/],
  ])('explains %s', (_, changed, caveat) => {
    expect(caveats(result(changed))).toContainEqual(expect.stringMatching(caveat));
  });
});

describe('A schedule', () => {
  let ending: AbortController;

  beforeEach(() => (ending = new AbortController()));
  afterEach(() => ending.abort());

  it('has even intervals, however late the timers are', async () => {
    const due: number[] = [];
    await keepSchedule(5000, 100, new AbortController().signal, (dueAt) => due.push(dueAt));

    expect(due).toHaveLength(500);
    due.forEach((dueAt, index) => expect(dueAt - due[0]).toBeCloseTo(index * 0.2, 6));
  });

  it('ends before a message that is due after its end', async () => {
    let sent = 0;
    await keepSchedule(1 / 3600, 10, ending.signal, () => sent++);

    expect(sent).toBe(1);
  });

  it('ends when it is stopped', async () => {
    let sent = 0;
    await keepSchedule(1000, 3_600_000, ending.signal, () => {
      if (++sent === 3) {
        ending.abort();
      }
    });

    expect(sent).toBeGreaterThanOrEqual(3);
  });
});
