import { z } from 'zod';

/**
 * A schema for a text that `parse` turns into a value.
 *
 * @param parse returns undefined for a text that it does not accept
 * @param accepted what is accepted, in words that fit behind "accepted:"
 */
export function parsed<T>(parse: (text: string) => T | undefined, accepted: string) {
  return z.string().transform((text, context) => {
    const value = parse(text);
    if (value === undefined) {
      context.addIssue(accepted);
      return z.NEVER;
    }
    return value;
  });
}
