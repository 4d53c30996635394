import { Repeater, type Repetition } from '../../../../client/page/composer/repeater.js';

describe('A repeater', () => {
  let now: number;
  let timers: { at: number; callback: () => void }[];
  let sentAt: number[];
  let progress: [number, boolean][];
  let repeater: Repeater;

  beforeEach(() => {
    now = 0;
    timers = [];
    sentAt = [];
    progress = [];
    repeater = new Repeater({
      now: () => now,
      setTimeout: (callback, milliseconds) => {
        const timer = { at: now + milliseconds, callback };
        timers.push(timer);
        return timer;
      },
      clearTimeout: (timer) => {
        timers = timers.filter((other) => other !== timer);
      },
    });
  });

  const repetition = (settings: Partial<Repetition>): Repetition => ({
    times: 3,
    interval: 100,
    send: () => {
      sentAt.push(now);
      return true;
    },
    isCongested: () => false,
    onProgress: (sent, isRunning) => progress.push([sent, isRunning]),
    ...settings,
  });

  /** Fires the next timer `late` milliseconds after its time. */
  function tick(late = 0): void {
    const timer = timers.shift();
    now = (timer?.at ?? now) + late;
    timer?.callback();
  }

  it('sends a number of messages at an interval', () => {
    repeater.start(repetition({}));
    tick();
    tick();

    expect(sentAt).toEqual([0, 100, 200]);
    expect(progress.at(-1)).toEqual([3, false]);
    expect(timers).toEqual([]);
  });

  it('keeps its schedule after a late turn, without a burst', () => {
    repeater.start(repetition({ times: 5 }));
    tick(30);
    tick();
    tick(450);
    tick();

    expect(sentAt).toEqual([0, 130, 200, 750, 750]);
  });

  it('sends a burst in slices of 8 ms', () => {
    const send = (): boolean => {
      now += 1;
      sentAt.push(now);
      return true;
    };
    repeater.start(repetition({ times: 20, interval: 0, send }));
    expect(sentAt).toHaveLength(8);
    tick();
    tick();

    expect(sentAt).toHaveLength(20);
    expect(repeater.isRunning).toBe(false);
  });

  it('waits while the connection is congested', () => {
    let isCongested = true;
    repeater.start(repetition({ times: 1, interval: 0, isCongested: () => isCongested }));
    tick();
    expect(sentAt).toEqual([]);
    isCongested = false;
    tick();

    expect(sentAt).toEqual([8]);
  });

  it('ends when a message cannot be sent, and when it is stopped', () => {
    repeater.start(repetition({ send: () => false }));
    expect(progress).toEqual([[0, false]]);

    repeater.start(repetition({}));
    repeater.stop();
    expect([timers, repeater.isRunning]).toEqual([[], false]);
  });
});
