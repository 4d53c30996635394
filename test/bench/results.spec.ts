import type { Figures, Run } from '../../bench/figures.js';
import type { Load } from '../../bench/loads.js';
import type { Peer } from '../../bench/peers.js';
import { summarize } from '../../bench/results.js';
import { median } from '../../bench/statistics.js';

const load: Load = {
  suite: 'http',
  kind: 'echo',
  name: 'small',
  title: 'Small',
  connections: 1,
  inFlight: 1,
  message: { size: 1, content: 'text' },
};

const peer = (name: string): Peer => ({ name, title: name.toUpperCase(), protocol: 'http', program: [], path: '/' });
const run = (figures: Figures, rest: Partial<Run> = {}): Run => ({ figures, failures: 0, ...rest });

describe('median', () => {
  it.each([
    [[3], 3],
    [[3, 1], 2],
    [[9, 1, 5], 5],
    [[4, 1, 2, 100], 3],
  ])('of %j is %d', (numbers, expected) => {
    expect(median(numbers)).toBe(expected);
  });
});

describe('summarize', () => {
  it('compares with the baseline round by round, and takes the middle', () => {
    const runs = new Map([
      [peer('fast'), [run({ cpuPerMessage: 1 }), run({ cpuPerMessage: 2 }), run({ cpuPerMessage: 10 })]],
      [peer('ws'), [run({ cpuPerMessage: 4 }), run({ cpuPerMessage: 6 }), run({ cpuPerMessage: 100 })]],
    ]);
    const [fast, ws] = summarize(load, runs).peers;
    expect(fast).toMatchObject({ name: 'fast', title: 'FAST', ratio: 4, figures: { cpuPerMessage: 2 } });
    expect(ws).toMatchObject({ ratio: 1, figures: { cpuPerMessage: 6 } });
    expect(fast.rounds).toEqual([{ cpuPerMessage: 1 }, { cpuPerMessage: 2 }, { cpuPerMessage: 10 }]);
  });

  it.each([
    [0.99, 0.5, 'server'],
    [0.5, 0.99, 'load'],
    [0.95, 0.95, 'both'],
    [0.5, 0.5, 'neither'],
  ])('says of a server at %d and a load at %d of a core that %s was at its limit', (serverCpu, loadCpu, limit) => {
    const [only] = summarize(load, new Map([[peer('ws'), [run({ serverCpu, loadCpu })]]])).peers;
    expect(only.limit).toBe(limit);
  });

  it('has no ratio for a server that does not support the load', () => {
    const runs = new Map([
      [peer('ws'), [run({ cpuPerMessage: 1 })]],
      [peer('plain'), [run({}, { unsupported: 'does not compress' })]],
    ]);
    const [, plain] = summarize(load, runs).peers;
    expect(plain).toMatchObject({ ratio: undefined, unsupported: 'does not compress', failures: 0 });
  });

  it('counts failures of all rounds and keeps the first', () => {
    const runs = [
      run({}),
      run({}, { failures: 2, firstFailure: 'first' }),
      run({}, { failures: 1, firstFailure: 'second' }),
    ];
    const [failing] = summarize(load, new Map([[peer('ws'), runs]])).peers;
    expect(failing).toMatchObject({ failures: 3, firstFailure: 'first' });
  });
});
