import { allLoads, quickLoads, withinLimit } from '../../bench/all-loads.js';
import { baseline, peersOf } from '../../bench/peers.js';
import { suiteTitles } from '../../bench/suites.js';

const names = allLoads.map(({ name }) => name);

describe('the loads', () => {
  it('have names that are those of no other load and of no suite', () => {
    const all = [...Object.keys(suiteTitles), ...names];
    expect(new Set(all).size).toBe(all.length);
  });

  it('have titles of their own', () => {
    expect(new Set(allLoads.map(({ title }) => title)).size).toBe(allLoads.length);
  });

  it('are all in a quick run', () => {
    expect(quickLoads.map(({ name }) => name)).toEqual(names);
  });

  it.each(['idle', 'fan-out', 'stuck-readers'])('have no more connections than there may be files: %s', (name) => {
    const load = allLoads.find((one) => one.name === name)!;
    expect(withinLimit(load, 20_000)).toBe(load);
    expect(withinLimit(load, 150)).toMatchObject({ name, connections: 50 });
    expect(withinLimit(load, 150).title).toContain('50 ');
  });
});

describe('the servers', () => {
  it.each(Object.entries(peersOf))('of %s have names of their own, and a baseline among them', (_, peers) => {
    const peerNames = peers.map(({ name }) => name);
    expect(peerNames).toContain(baseline);
    expect(new Set(peerNames).size).toBe(peers.length);
  });
});
