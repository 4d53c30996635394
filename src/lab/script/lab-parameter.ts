import type { Grammar } from './grammars.js';

/** The parts of the table of parameters, in the order in which they are applied. */
export const GROUPS = {
  handshake: 'Handshake',
  frames: 'Frames',
  messages: 'Messages and rhythm',
  closing: 'Closing',
} as const;

/** A query parameter of `/lab`. */
export interface LabParameter<T = unknown> extends Grammar<T> {
  readonly group: keyof typeof GROUPS;
  readonly description: string;
  /** An example of a value, for the page and the docs. */
  readonly example: string;
  /** The section that the behaviour breaks or strains. */
  readonly rfc?: string;
  /** Whether it may be repeated. Its value is a list then. */
  readonly isRepeatable?: boolean;
  /** The value without an effect. It contradicts no other parameter. */
  readonly neutral?: boolean;
  /** The only version of HTTP in which it is possible, and the reason. */
  readonly only?: readonly [httpVersion: '1.1' | '2', reason: string];
  /** It has an effect only together with one of these: a parameter, or a parameter with a value, such as `pong=late`. */
  readonly needs?: readonly string[];
  /** It contradicts each of these. */
  readonly excludes?: readonly string[];
}

type Details = Omit<LabParameter, keyof Grammar<unknown> | 'isRepeatable'>;

/** A parameter that may be there once. */
export function one<T>(grammar: Grammar<T>, details: Details): LabParameter<T> & { readonly isRepeatable?: false } {
  return { ...grammar, ...details };
}

/** A parameter that may be repeated. */
export function many<T>(grammar: Grammar<T>, details: Details): LabParameter<T> & { readonly isRepeatable: true } {
  return { ...grammar, ...details, isRepeatable: true };
}
