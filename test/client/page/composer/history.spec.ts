import { History } from '../../../../client/page/composer/history.js';

describe('The history of messages', () => {
  it('goes back to the oldest and forth to the draft', () => {
    const history = new History(['one', 'two']);

    expect([history.older('draft'), history.older('two'), history.older('one')]).toEqual(['two', 'one', undefined]);
    expect([history.newer(), history.newer(), history.newer()]).toEqual(['two', 'draft', undefined]);
  });

  it('passes over the message that is still in the box after sending', () => {
    const history = new History();
    history.add('one');
    history.add('two');

    expect(history.older('two')).toBe('one');
  });

  it('has a message once, at its latest place, and no empty one', () => {
    const history = new History();
    for (const message of ['one', 'two', 'one', '']) {
      history.add(message);
    }

    expect(history.messages).toEqual(['two', 'one']);
  });

  it('keeps 100 messages, none of them longer than 16,384 characters', () => {
    const history = new History(Array.from({ length: 150 }, (_, index) => String(index)));
    history.add('x'.repeat(16_385));

    expect(history.messages).toHaveLength(100);
    expect(history.messages.at(-1)).toBe('149');
  });
});
