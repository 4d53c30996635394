import {
  DEFAULT_SETTINGS,
  linkFragment,
  readNumber,
  settingsFrom,
  settingsFromFragment,
} from '../../../../client/page/session/settings.js';
import { KeptValue, workspaceFrom } from '../../../../client/page/session/storage.js';

describe('Settings', () => {
  it.each([
    [undefined, DEFAULT_SETTINGS],
    [{ url: 7, draft: 'x'.repeat(262_145), format: 'xml', reconnect: 'yes', other: 1 }, DEFAULT_SETTINGS],
    [
      { url: 'ws://a', reconnect: true },
      { ...DEFAULT_SETTINGS, url: 'ws://a', reconnect: true },
    ],
  ])('are restored with their valid properties only', (value, expected) => {
    expect(settingsFrom(value)).toEqual(expected);
  });

  it('are part of a link', () => {
    const settings = { ...DEFAULT_SETTINGS, url: 'ws://a/?b=c&d', draft: 'two\nlines #1', reconnect: true };
    const fragment = linkFragment(settings, DEFAULT_SETTINGS);

    expect(fragment).toBe('#url=ws%3A%2F%2Fa%2F%3Fb%3Dc%26d&reconnect=true&draft=two%0Alines+%231');
    expect(settingsFromFragment(fragment, DEFAULT_SETTINGS)).toEqual(settings);
  });

  it.each(['', '#', '#top', '#other=1'])('are absent from the fragment "%s"', (fragment) => {
    expect(settingsFromFragment(fragment, DEFAULT_SETTINGS)).toBeUndefined();
  });
});

describe('A number field', () => {
  it.each([
    ['1', 1],
    [' 2.5 ', 2.5],
  ])('accepts "%s"', (text, expected) => {
    expect(readNumber(text, 'Times', { min: 1, max: 10 })).toBe(expected);
  });

  it.each(['', 'x', '0', '11', 'Infinity', 'NaN'])('rejects "%s", and names the range', (text) => {
    expect(readNumber(text, 'Times', { min: 1, max: 10 })).toEqual({
      problem: `Times: "${text}" is not a number from 1 to 10.`,
    });
  });
});

describe('The stored value', () => {
  const kept = (storage: { getItem(): string | null; setItem(): void }): KeptValue<string> =>
    new KeptValue(
      () => storage,
      'key',
      (value) => (typeof value === 'string' ? value : 'default'),
    );

  it.each([
    ['nothing', (): null => null, 'default'],
    ['a valid value', (): string => '"value"', 'value'],
    ['an invalid value', (): string => '{', 'default'],
  ])('is restored from %s', (_what, getItem, expected) => {
    expect(kept({ getItem, setItem: () => {} }).load()).toBe(expected);
  });

  it('is the default without storage, and the page continues', () => {
    const refuse = (): never => {
      throw new Error('SecurityError');
    };

    expect(kept({ getItem: refuse, setItem: refuse }).load()).toBe('default');
    expect(kept({ getItem: refuse, setItem: refuse }).save('x')).toBe(false);
  });

  it.each([
    [undefined, { active: 0, sessions: [], openDetails: [] }],
    [
      { active: 9, sessions: [{ url: 'ws://a' }], openDetails: ['a', 1] },
      { active: 0, sessions: [{ ...DEFAULT_SETTINGS, url: 'ws://a' }], openDetails: ['a'] },
    ],
  ])('of the tabs is validated', (value, expected) => {
    expect(workspaceFrom(value)).toEqual(expected);
  });
});
