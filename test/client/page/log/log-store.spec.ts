import type { LogEntry } from '../../../../client/page/log/log-entry.js';
import { LogStore } from '../../../../client/page/log/log-store.js';

function message(size: number): LogEntry {
  return { kind: 'message', time: 0, from: 'Client', data: 'x'.repeat(size), size };
}

const sizes = (store: LogStore): number[] => Array.from(store, (entry) => (entry.kind === 'message' ? entry.size : -1));

describe('The log', () => {
  it('keeps the latest entries, each with its sequence number', () => {
    const store = new LogStore(3, 1_000);
    for (const size of [1, 2, 3, 4, 5]) {
      store.add(message(size));
    }

    expect(sizes(store)).toEqual([3, 4, 5]);
    expect([store.first, store.next, store.dropped]).toEqual([2, 5, 2]);
    expect(store.get(1)).toBeUndefined();
    expect(store.get(4)).toMatchObject({ size: 5 });
    expect(store.get(5)).toBeUndefined();
  });

  it('keeps a limited number of bytes, but always the newest entry', () => {
    const store = new LogStore(10, 100);
    for (const size of [40, 40, 40]) {
      store.add(message(size));
    }
    expect(sizes(store)).toEqual([40, 40]);
    store.add(message(500));
    expect(sizes(store)).toEqual([500]);
  });

  it('counts cleared entries as seen, not as dropped', () => {
    const store = new LogStore(2, 1_000);
    store.add(message(1));
    store.clear();
    store.add(message(2));

    expect(sizes(store)).toEqual([2]);
    expect([store.length, store.dropped]).toEqual([1, 0]);
  });
});
