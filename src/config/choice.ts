import { parsed } from './option-values.js';

const alternatives = new Intl.ListFormat('en', { type: 'disjunction' });

/** One of some words, in any case. */
export function choice<const Word extends string>(...words: Word[]) {
  return parsed((text) => words.find((word) => word === text.toLowerCase()), alternatives.format(words));
}
