const PLACEHOLDER = /\{\{(n|now|uuid)\}\}/g;

/** The values that placeholders stand for. */
export interface PlaceholderValues {
  /** The number of the message on its connection, from 1. */
  n(): number;
  /** The time in ISO 8601. */
  now(): string;
  /** A new random UUID for each place. */
  uuid(): string;
}

/** Whether a text has one of `{{n}}`, `{{now}}` and `{{uuid}}`. */
export function hasPlaceholders(text: string): boolean {
  return text.search(PLACEHOLDER) !== -1;
}

/** Fills in `{{n}}`, `{{now}}` and `{{uuid}}`. Anything else in braces stays as it is. */
export function fillIn(text: string, values: PlaceholderValues): string {
  return text.replace(PLACEHOLDER, (_whole, name: keyof PlaceholderValues) => String(values[name]()));
}
