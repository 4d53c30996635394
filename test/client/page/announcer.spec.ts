import { Announcer } from '../../../client/page/announcer.js';

describe('The announcer for screen readers', () => {
  let timers: (() => void)[];
  let said: string[];
  let announcer: Announcer;

  beforeEach(() => {
    timers = [];
    said = [];
    announcer = new Announcer({ setTimeout: (callback) => timers.push(callback), say: (text) => said.push(text) });
  });

  it('summarizes a flood of messages', () => {
    announcer.notice('Connection opened');
    for (let number = 0; number < 10_000; number += 1) {
      announcer.message();
    }
    expect(timers).toHaveLength(1);
    timers.shift()?.();
    announcer.message();
    timers.shift()?.();

    expect(said).toEqual(['Connection opened 10,000 messages received.', '1 message received.']);
  });

  it('keeps the newest three notices', () => {
    for (const text of ['a', 'b', 'c', 'd']) {
      announcer.notice(text);
    }
    timers.shift()?.();

    expect(said).toEqual(['b c d']);
  });
});
