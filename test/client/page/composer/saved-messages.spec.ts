import { savedMessagesFrom, withSaved, type SavedMessage } from '../../../../client/page/composer/saved-messages.js';

const message = (name: string, text = 'x'): SavedMessage => ({ name, text, format: 'text', placeholders: false });

describe('Saved messages', () => {
  it('are sorted by name, and a second one with the same name replaces the first', () => {
    const saved = [message('b'), message('a', 'old')];

    expect(withSaved(saved, message(' a ', 'new'))).toEqual([message('a', 'new'), message('b')]);
  });

  it.each([
    [[], message(' '), 'needs a name'],
    [[], message('a', 'x'.repeat(262_145)), 'has 262145 characters'],
    [Array.from({ length: 200 }, (_, index) => message(String(index))), message('a'), 'Delete one first'],
  ])('are refused beyond a limit, with a reason', (saved, added, problem) => {
    expect(withSaved(saved, added)).toEqual({ problem: expect.stringContaining(problem) });
  });

  it.each([[undefined], ['text'], [[null, 1, { name: 'a' }, { ...message('a'), format: 'xml' }]]])(
    'are restored without invalid ones: %j',
    (value) => {
      expect(savedMessagesFrom(value)).toEqual([]);
    },
  );
});
