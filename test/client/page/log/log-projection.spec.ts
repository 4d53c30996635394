import type { LogEntry } from '../../../../client/page/log/log-entry.js';
import { LogProjection } from '../../../../client/page/log/log-projection.js';
import { LogStore } from '../../../../client/page/log/log-store.js';

const entry = (number: number): LogEntry => ({ kind: 'notice', time: number, text: String(number) });
const isEven = ({ time }: LogEntry): boolean => time % 2 === 0;

describe('The displayed entries', () => {
  let store: LogStore;
  let projection: LogProjection;
  let now: number;

  beforeEach(() => {
    now = 0;
    store = new LogStore(1_000);
    projection = new LogProjection(store, () => now);
  });

  function add(count: number): void {
    for (let index = 0; index < count; index += 1) {
      store.add(entry(store.next));
    }
  }

  const shown = (): string[] =>
    Array.from({ length: projection.length }, (_, index) => {
      const found = projection.entryAt(index);
      return found?.kind === 'notice' ? found.text : '';
    });

  it('are all entries without a filter', () => {
    add(3);

    expect(shown()).toEqual(['0', '1', '2']);
  });

  it('match the filter, including entries that arrive later', () => {
    add(5);
    projection.setFilter(isEven);
    projection.update(1);
    add(2);
    projection.update(1);

    expect(shown()).toEqual(['0', '2', '4', '6']);
    expect([projection.indexOf(3), projection.indexOf(4), projection.sequenceAt(3)]).toEqual([2, 2, 6]);
  });

  it('exclude the entries that the log drops', () => {
    projection.setFilter(isEven);
    add(1_000);
    projection.update(1);
    add(996);
    projection.update(1);

    expect(shown().slice(0, 2)).toEqual(['996', '998']);
    expect(projection.length).toBe(500);
  });

  it('are searched in slices, so that no frame is delayed', () => {
    add(1_000);
    projection.setFilter((one) => {
      now += 1;
      return isEven(one);
    });

    expect(projection.update(8)).toBe(true);
    expect(projection.length).toBe(128);
    while (projection.update(8)) {
      // The next animation frame.
    }
    expect(projection.length).toBe(500);
  });

  it('do not change during a pause', () => {
    add(2);
    projection.pause();
    add(3);
    expect([shown(), projection.waiting]).toEqual([['0', '1'], 3]);
    projection.resume();

    expect(projection.length).toBe(5);
  });
});
