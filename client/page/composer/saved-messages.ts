import { FORMATS, type Format } from './encode.js';

const MOST_MESSAGES = 200;
const LONGEST_NAME = 80;
const LONGEST_TEXT = 262_144;

/** A message with a name, in the form in which it was typed. */
export interface SavedMessage {
  readonly name: string;
  readonly text: string;
  readonly format: Format;
  /** Whether placeholders are filled in when it is sent. */
  readonly placeholders: boolean;
}

/** Adds a message, or replaces the one with the same name. A `problem` states the limit. */
export function withSaved(
  saved: readonly SavedMessage[],
  message: SavedMessage,
): readonly SavedMessage[] | { readonly problem: string } {
  const name = message.name.trim();
  if (name === '' || name.length > LONGEST_NAME) {
    return { problem: `A saved message needs a name of 1 to ${LONGEST_NAME} characters.` };
  }
  if (message.text.length > LONGEST_TEXT) {
    return { problem: `The message has ${message.text.length} characters. At most ${LONGEST_TEXT} can be saved.` };
  }
  const others = saved.filter((other) => other.name !== name);
  if (others.length >= MOST_MESSAGES) {
    return { problem: `${MOST_MESSAGES} messages are saved. Delete one first.` };
  }
  return [...others, { ...message, name }].toSorted((one, other) => one.name.localeCompare(other.name));
}

/** Reads the stored messages, and drops invalid ones. */
export function savedMessagesFrom(value: unknown): SavedMessage[] {
  return Array.isArray(value) ? value.filter(isSavedMessage).slice(0, MOST_MESSAGES) : [];
}

function isSavedMessage(value: unknown): value is SavedMessage {
  const { name, text, format, placeholders } = (value ?? {}) as Record<string, unknown>;
  return (
    typeof name === 'string' &&
    typeof text === 'string' &&
    FORMATS.some((known) => known === format) &&
    typeof placeholders === 'boolean'
  );
}
