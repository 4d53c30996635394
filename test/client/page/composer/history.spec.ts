import { History } from '../../../../client/page/composer/history.js';

describe('The history of messages', () => {
  it('moves back to the oldest message and forward to the draft', () => {
    const history = new History(['one', 'two']);

    expect([history.older('draft'), history.older('two'), history.older('one')]).toEqual(['two', 'one', undefined]);
    expect([history.newer(), history.newer(), history.newer()]).toEqual(['two', 'draft', undefined]);
  });

  it('skips the message that is still in the box after sending', () => {
    const history = new History();
    history.add('one');
    history.add('two');

    expect(history.older('two')).toBe('one');
  });

  it('contains a message once, at its latest position, and no empty messages', () => {
    const history = new History();
    for (const message of ['one', 'two', 'one', '']) {
      history.add(message);
    }

    expect(history.messages).toEqual(['two', 'one']);
  });

  it('keeps 100 messages of at most 16,384 characters each', () => {
    const history = new History(Array.from({ length: 150 }, (_, index) => String(index)));
    history.add('x'.repeat(16_385));

    expect(history.messages).toHaveLength(100);
    expect(history.messages.at(-1)).toBe('149');
  });
});
