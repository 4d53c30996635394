import { BadRequestException } from '@nestjs/common';
import { MemberNamePipe } from '../../src/background/chat-names.js';

describe('The name of a member', () => {
  const pipe = new MemberNamePipe();

  it.each([
    ['a word', 'Ann'],
    ['several words', 'Ann of Green Gables'],
    ['of another script', '世界'],
    ['an accent of its own', 'Zoe\u0308', 'Zo\u00eb'],
    ['with blanks around it', ' Ann ', 'Ann'],
    ['32 characters', 'x'.repeat(32)],
    ['32 characters of two halves each', '🎉'.repeat(32)],
    ['an emoji of several', '👩\u200d👩\u200d👧'],
    ['an emoji with a style', '❤\ufe0f'],
    ['an emoji of several with a style', '❤\ufe0f\u200d🔥'],
    ['with a non-joiner, as in Persian', 'مهر\u200cداد'],
  ])('may be %s', (_what, given, name = given) => {
    expect(pipe.transform(given)).toBe(name);
  });

  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['blank', ' \t\u3000'],
  ])('is none when it is %s', (_what, given) => {
    expect(pipe.transform(given)).toBeUndefined();
  });

  it.each([
    ['33 characters', 'x'.repeat(33)],
    ['33 characters of two halves each', '🎉'.repeat(33)],
    ['given twice', ['a', 'b']],
    ['a line break inside', 'a\nb'],
    ['half a character', 'a\ud83c'],
    ['what turns the text', 'a\u202eb'],
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
