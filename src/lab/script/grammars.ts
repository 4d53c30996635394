import {
  ACCEPTED_DURATIONS,
  ACCEPTED_SIZES,
  parseDuration,
  parseSize,
  parseWholeNumber,
} from 'nest-ws-echo-client/amounts';

/** The values that a parameter accepts. */
export interface Grammar<T> {
  /** @returns undefined for a text that is not accepted */
  readonly parse: (text: string) => T | undefined;
  /** A description of the accepted values, to follow "accepted:". */
  readonly accepted: string;
  /** All accepted values, if they are a list of words. */
  readonly words?: readonly string[];
  /** Whether the value is a time, which the limit of the lab bounds. */
  readonly isTime?: boolean;
}

const alternatives = new Intl.ListFormat('en', { type: 'disjunction' });

/** One of several words, in any case. */
export function words<const Word extends string>(...accepted: readonly Word[]): Grammar<Word> {
  return {
    words: accepted,
    accepted: alternatives.format(accepted),
    parse: (text) => accepted.find((word) => word === text.toLowerCase()),
  };
}

/** One of several words, or a value of another grammar. */
export function either<const Word extends string, T>(choice: Grammar<Word>, other: Grammar<T>): Grammar<Word | T> {
  return {
    isTime: other.isTime,
    accepted: `${choice.accepted}, or ${other.accepted}`,
    parse: (text) => choice.parse(text) ?? other.parse(text),
  };
}

export function wholeNumber(min: number, max: number): Grammar<number> {
  return {
    accepted: `a whole number from ${min} to ${max}`,
    parse: (text) => within(parseWholeNumber(text), min, max),
  };
}

/**
 * A size in bytes.
 *
 * @param most the largest, in words
 */
export function size(min: number, max: number, most: string): Grammar<number> {
  return {
    accepted: `${ACCEPTED_SIZES}, at least ${min} and at most ${most}`,
    parse: (text) => within(parseSize(text), min, max),
  };
}

/** A text that a pattern matches. */
export function matching(pattern: RegExp, accepted: string): Grammar<string> {
  return { accepted, parse: (text) => (pattern.test(text) ? text : undefined) };
}

export const flag: Grammar<boolean> = {
  words: ['true', 'false'],
  accepted: 'true or false',
  parse: (text) => (/^true$/i.test(text) ? true : /^false$/i.test(text) ? false : undefined),
};

/** A duration in ms. */
export const duration: Grammar<number> = { isTime: true, accepted: ACCEPTED_DURATIONS, parse: parseDuration };

export const hex: Grammar<Buffer> = {
  accepted: 'bytes as pairs of hexadecimal digits, such as c103616263, at most 16 KiB',
  parse: (text) =>
    /^(?:[\da-f]{2})+$/i.test(text) && text.length <= 2 * 16 * 1024 ? Buffer.from(text, 'hex') : undefined,
};

/** A value of a header: visible ASCII and spaces, so no line break. */
export const headerValue = matching(/^[\x20-\x7e]{0,4096}$/, 'visible ASCII characters and spaces, at most 4096');

export const identifier = matching(/^[\w-]{1,64}$/, 'letters, digits, "-" and "_", at most 64');

/** Bytes a second. */
export const rate = size(1, 1024 ** 3, '1GiB');

function within(value: number | undefined, min: number, max: number): number | undefined {
  return value !== undefined && value >= min && value <= max ? value : undefined;
}
