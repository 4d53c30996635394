import { countOf } from './message-text.js';

/** The two ends of a connection, as the log names them. */
export type Party = 'Client' | 'Server';

/** The log keeps this many rows, so that it stays quick however long a connection lives. */
export const KEPT_ROWS = 1_000;

/** The log keeps about this many characters in all, for the same reason: rows can be long. */
export const KEPT_CHARACTERS = 4 * 1_048_576;

/** The table of all that went over the connection, newest row last. The oldest rows go when there are too many. */
export class CommunicationLog {
  readonly #rows: HTMLTableSectionElement;
  readonly #limit: HTMLElement;
  /** The number of characters in each row, oldest first. */
  readonly #lengths: number[] = [];
  #characters = 0;
  #removed = 0;

  /**
   * @param rows - where the rows go
   * @param limit - where the log says how much it keeps
   */
  constructor(rows: HTMLTableSectionElement, limit: HTMLElement) {
    this.#rows = rows;
    this.#limit = limit;
    this.#sayLimit();
  }

  /** Adds a message: who sent it, to whom, and its content, which is shown as text whatever is in it. */
  addMessage(from: Party, to: Party, data: string): void {
    this.#add([cell(from, from.toLowerCase()), cell(to, to.toLowerCase()), cell(data, 'data')], data.length);
  }

  /** Adds a row about the connection itself. */
  addNotice(text: string): void {
    this.#add([wideCell(text, 'notice')], text.length);
  }

  /** Adds a row about something that went wrong. */
  addProblem(text: string): void {
    this.#add([wideCell(text, 'problem')], text.length);
  }

  #add(cells: HTMLTableCellElement[], length: number): void {
    const row = document.createElement('tr');
    row.append(...cells);
    this.#rows.append(row);
    this.#lengths.push(length);
    this.#characters += length;
    while (this.#lengths.length > KEPT_ROWS || (this.#characters > KEPT_CHARACTERS && this.#lengths.length > 1)) {
      this.#removeOldest();
    }
  }

  #removeOldest(): void {
    this.#rows.rows.item(0)?.remove();
    this.#characters -= this.#lengths.shift() ?? 0;
    this.#removed += 1;
    this.#sayLimit();
  }

  #sayLimit(): void {
    const kept = `Keeps the latest ${countOf(KEPT_ROWS, 'row')}`;
    this.#limit.textContent =
      this.#removed === 0 ? `${kept}.` : `${kept}; ${countOf(this.#removed, 'older row')} gone.`;
  }
}

function cell(text: string, className: string): HTMLTableCellElement {
  const element = document.createElement('td');
  element.className = className;
  element.textContent = text;
  return element;
}

function wideCell(text: string, className: string): HTMLTableCellElement {
  const element = cell(text, className);
  element.colSpan = 3;
  return element;
}
