import type { Interface, Key } from 'node:readline';

/*
 * All undocumented parts of Node.js that the client uses. When a Node.js release changes them, only
 * this file has to change. Its test covers each function.
 */

/** The method of readline that receives each key. The REPL of Node.js replaces it as well. */
const READ_KEY = '_ttyWrite';

interface ReadlineInternals {
  line: string;
  cursor: number;
  /** The rows from the start of the prompt to the cursor, at the last drawing of readline. */
  readonly prevRows?: number;
  [READ_KEY](text: string | undefined, key: Key): void;
}

/** Calls `onKey` with each key, in place of readline. `toReadline` passes the key on. */
export function interceptKeys(readline: Interface, onKey: (key: Key, toReadline: () => void) => void): void {
  const internals = internalsOf(readline);
  const readKey = internals[READ_KEY].bind(readline);
  internals[READ_KEY] = (text, key) => onKey(key, () => readKey(text, key));
}

/** Inserts a text at the cursor. Its line breaks do not end the line. Readline does not draw the text. */
export function insertAtCursor(readline: Interface, text: string): void {
  const internals = internalsOf(readline);
  const { line, cursor } = internals;
  internals.line = line.slice(0, cursor) + text + line.slice(cursor);
  internals.cursor = cursor + text.length;
}

/** The number of rows that readline moves up before it draws the prompt and the line again. */
export function rowsAboveCursor(readline: Interface): number {
  return internalsOf(readline).prevRows ?? 0;
}

function internalsOf(readline: Interface): ReadlineInternals {
  return readline as unknown as ReadlineInternals;
}
