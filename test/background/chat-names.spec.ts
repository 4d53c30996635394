import { BadRequestException } from '@nestjs/common';
import { MemberNamePipe } from '../../src/background/chat-names.js';

describe('The name of a member', () => {
  const pipe = new MemberNamePipe();

  it.each([
    ['a word', 'Ann'],
    ['several words', 'Ann of Green Gables'],
    ['of another script', '世界'],
    ['a decomposed accent', 'Zoe\u0308', 'Zo\u00eb'],
    ['a word between blanks', ' Ann ', 'Ann'],
    ['32 characters', 'x'.repeat(32)],
    ['32 characters of two code units each', '🎉'.repeat(32)],
    ['an emoji of several code points', '👩\u200d👩\u200d👧'],
    ['an emoji with a style', '❤\ufe0f'],
    ['an emoji of several code points with a style', '❤\ufe0f\u200d🔥'],
    ['a word with a non-joiner, as in Persian', 'مهر\u200cداد'],
  ])('may be %s', (_what, given, name = given) => {
    expect(pipe.transform(given)).toBe(name);
  });

  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['blank', ' \t\u3000'],
  ])('is not set when it is %s', (_what, given) => {
    expect(pipe.transform(given)).toBeUndefined();
  });

  it.each([
    ['33 characters', 'x'.repeat(33)],
    ['33 characters of two code units each', '🎉'.repeat(33)],
    ['an array', ['a', 'b']],
    ['a line break inside', 'a\nb'],
    ['a lone surrogate', 'a\ud83c'],
    ['a text direction override', 'a\u202eb'],
    ['a zero width space', '\u200b'],
    ['a zero width space inside', 'a\u200bb'],
    ['a soft hyphen inside', 'a\u00adb'],
    ['a Hangul filler', '\u3164'],
    ['a joiner alone', '\u200d'],
    ['joiners alone', '\u200d\u200d\u200d'],
    ['a joiner at the end', 'a\u200d'],
    ['a variation selector alone', '\ufe0f'],
  ])('is not %s', (_what, given) => {
    expect(() => pipe.transform(given)).toThrow(BadRequestException);
  });
});
