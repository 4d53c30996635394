import { Reconnection, reconnectDelay } from '../../../../client/page/connection/reconnection.js';

describe('The delay before the next attempt', () => {
  it.each([
    [1, 1, 1_000],
    [2, 1, 2_000],
    [3, 1, 4_000],
    [3, 0, 2_000],
    [6, 1, 30_000],
    [2_000, 1, 30_000],
  ])('doubles with each attempt, up to 30 s: attempt %d, random number %d', (attempt, random, expected) => {
    expect(reconnectDelay(attempt, random)).toBe(expected);
  });
});

describe('A reconnection', () => {
  it('counts attempts until a connection opens', () => {
    const waiting: (() => void)[] = [];
    const reconnection = new Reconnection(
      { setTimeout: (callback) => waiting.push(callback), clearTimeout: () => waiting.pop() },
      () => 1,
    );
    let attempts = 0;
    const connect = (): void => {
      attempts += 1;
    };

    expect(reconnection.schedule(connect)).toEqual({ attempt: 1, delay: 1_000 });
    waiting.pop()?.();
    expect(attempts).toBe(1);
    expect(reconnection.isWaiting).toBe(false);
    expect(reconnection.schedule(connect)).toEqual({ attempt: 2, delay: 2_000 });
    reconnection.reset();
    expect(waiting).toEqual([]);
    expect(reconnection.schedule(connect)).toEqual({ attempt: 1, delay: 1_000 });
  });
});
