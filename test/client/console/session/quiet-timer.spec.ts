import { jest } from '@jest/globals';
import { onceQuiet } from '../../../../client/console/src/session/quiet-timer.js';

describe('A quiet period', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('ends once, when a count has not grown for its duration', () => {
    let count = 0;
    const onQuiet = jest.fn();
    onceQuiet(() => count, 1000, onQuiet);
    for (let time = 0; time < 5000; time += 500) {
      jest.advanceTimersByTime(500);
      count++;
    }
    expect(onQuiet).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1200);
    expect(onQuiet).toHaveBeenCalledTimes(1);
    jest.advanceTimersByTime(5000);

    expect(onQuiet).toHaveBeenCalledTimes(1);
  });

  it('does not end when the count grew while the process was suspended', async () => {
    let count = 0;
    const onQuiet = jest.fn();
    onceQuiet(() => count, 1000, onQuiet);
    jest.advanceTimersByTime(999);
    // The timer fires before the data that arrived meanwhile is read.
    setImmediate(() => count++);
    jest.advanceTimersByTime(1);
    expect(onQuiet).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1100);

    expect(onQuiet).toHaveBeenCalledTimes(1);
  });

  it('does not end after its timer is stopped', () => {
    const onQuiet = jest.fn();
    onceQuiet(() => 0, 1000, onQuiet)();
    jest.advanceTimersByTime(5000);

    expect(onQuiet).not.toHaveBeenCalled();
    expect(jest.getTimerCount()).toBe(0);
  });
});
