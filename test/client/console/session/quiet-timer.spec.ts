import { jest } from '@jest/globals';
import { onceQuiet } from '../../../../client/console/src/session/quiet-timer.js';

describe('Quiet', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('is there when a count has not grown for the period, once', () => {
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

  it('is not there when the count grew while the process did not run', async () => {
    let count = 0;
    const onQuiet = jest.fn();
    onceQuiet(() => count, 1000, onQuiet);
    jest.advanceTimersByTime(999);
    // The timer fires before what came in the meantime is read.
    setImmediate(() => count++);
    jest.advanceTimersByTime(1);
    expect(onQuiet).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1100);

    expect(onQuiet).toHaveBeenCalledTimes(1);
  });

  it('is not waited for any more when nobody wants to know', () => {
    const onQuiet = jest.fn();
    onceQuiet(() => 0, 1000, onQuiet)();
    jest.advanceTimersByTime(5000);

    expect(onQuiet).not.toHaveBeenCalled();
    expect(jest.getTimerCount()).toBe(0);
  });
});
