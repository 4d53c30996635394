const PLACEHOLDER = /\{\{(n|now|uuid)\}\}/g;

/** The values of the placeholders. */
export interface PlaceholderValues {
  /** The number of the message on its connection, from 1. */
  n(): number;
  /** The time in ISO 8601. */
  now(): string;
  /** A new random UUID for each occurrence. */
  uuid(): string;
}

/** Whether a text contains `{{n}}`, `{{now}}` or `{{uuid}}`. */
export function hasPlaceholders(text: string): boolean {
  return text.search(PLACEHOLDER) !== -1;
}

/** Fills in `{{n}}`, `{{now}}` and `{{uuid}}`. Other text in braces is unchanged. */
export function fillIn(text: string, values: PlaceholderValues): string {
  return text.replace(PLACEHOLDER, (_whole, name: keyof PlaceholderValues) => String(values[name]()));
}
