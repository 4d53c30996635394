import { create } from '../dom.js';
import { visibleParts } from './visible-text.js';

/** The number of members of an object or array at first, and for each "more". */
const BLOCK = 200;

/** Objects and arrays are open down to this depth at first. */
const OPEN_DEPTH = 2;

/** Only small ones are open at first. */
const OPEN_MEMBERS = 50;

/** A number beyond the precision of JavaScript, in its original notation. */
class ExactNumber {
  constructor(readonly source: string) {}
}

/**
 * Parses JSON so that {@link jsonTree} shows every number in its original notation.
 *
 * @throws SyntaxError if the text is not JSON
 */
export function parseExactly(text: string): unknown {
  // Older browsers do not pass the source to a reviver; they show large numbers rounded.
  return JSON.parse(text, (_name, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' && context?.source !== undefined && String(value) !== context.source
      ? new ExactNumber(context.source)
      : value,
  );
}

/** A JSON value as a tree with folding. Folded parts are built on demand. */
export function jsonTree(value: unknown): HTMLElement {
  return create('div', 'json', node(undefined, value, 0));
}

function node(name: string | undefined, value: unknown, depth: number): HTMLElement {
  const label = name === undefined ? [] : [create('span', 'json-name', ...visible(JSON.stringify(name))), ': '];
  if (value instanceof ExactNumber) {
    return create('div', 'json-leaf', ...label, create('span', 'json-number', value.source));
  }
  if (typeof value !== 'object' || value === null) {
    const type = value === null ? 'null' : typeof value;
    return create('div', 'json-leaf', ...label, create('span', `json-${type}`, ...visible(JSON.stringify(value))));
  }
  const members = Object.entries(value);
  const isArray = Array.isArray(value);
  const count = isArray ? `[${members.length}]` : `{${members.length}}`;
  if (members.length === 0) {
    return create('div', 'json-leaf', ...label, isArray ? '[]' : '{}');
  }
  const details = create('details', '', create('summary', '', ...label, create('span', 'json-count', count)));
  let isBuilt = false;
  const build = (): void => {
    if (!isBuilt) {
      isBuilt = true;
      append(details, members, 0, isArray, depth + 1);
    }
  };
  details.addEventListener('toggle', build);
  if (depth < OPEN_DEPTH && members.length <= OPEN_MEMBERS) {
    build();
    details.open = true;
  }
  return details;
}

function append(
  parent: HTMLElement,
  members: [string, unknown][],
  from: number,
  isArray: boolean,
  depth: number,
): void {
  for (const [name, value] of members.slice(from, from + BLOCK)) {
    parent.append(node(isArray ? undefined : name, value, depth));
  }
  const left = members.length - from - BLOCK;
  if (left > 0) {
    const more = create('button', 'small', `${left} more`);
    more.type = 'button';
    more.addEventListener('click', () => {
      more.remove();
      append(parent, members, from + BLOCK, isArray, depth);
    });
    parent.append(more);
  }
}

function visible(text: string): (Node | string)[] {
  return visibleParts(text).map((part) => (part.isSpelledOut ? create('span', 'spelled-out', part.text) : part.text));
}
