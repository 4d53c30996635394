import { Queue } from '../../../client/console/src/queue.js';

describe('A queue', () => {
  it('returns its items in order at any length', () => {
    const queue = new Queue<number>();
    const taken: (number | undefined)[] = [];
    for (let index = 0; index < 10_000; index++) {
      queue.push(index);
      if (index % 3 === 0) {
        taken.push(queue.shift());
      }
    }
    expect(queue.length).toBe(10_000 - taken.length);
    while (queue.length > 0) {
      taken.push(queue.shift());
    }

    expect(taken).toEqual(Array.from({ length: 10_000 }, (_, index) => index));
    expect(queue.shift()).toBeUndefined();
  });

  it('is empty after clear()', () => {
    const queue = new Queue<number>();
    queue.push(1);
    queue.clear();
    queue.push(2);

    expect([queue.length, queue.shift()]).toEqual([1, 2]);
  });
});
