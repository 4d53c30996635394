import { create, element, setText } from '../dom.js';
import type { LogEntry, MessageEntry } from './log-entry.js';
import type { LogProjection } from './log-projection.js';
import { previewOf, startOf, PREVIEW_CHARACTERS } from './preview.js';
import { rowWindow } from './row-window.js';
import { durationText, sizeText, timeText } from './units.js';
import { visibleParts } from './visible-text.js';

/** The time limit of the filter in each frame, in milliseconds. */
const FILTER_BUDGET = 8;

/** A row of the table and its content. */
interface Row {
  readonly element: HTMLTableRowElement;
  entry: LogEntry | undefined;
  before: LogEntry | undefined;
}

/**
 * The log as a table that contains only the visible rows. All rows have the same height, so that the position of each is
 * known without measuring. The view follows the newest row until the user scrolls up.
 */
export class LogView {
  private readonly view = element('logView', HTMLElement);
  private readonly table = element('logTable', HTMLTableElement);
  private readonly body = element('commsLog', HTMLTableSectionElement);
  private readonly hint = element('logHint', HTMLElement);
  private readonly newest = element('toNewest', HTMLButtonElement);
  private readonly onOpen: (sequence: number) => void;
  private readonly requestRender: () => void;
  private readonly rows: Row[] = [];
  private projection: LogProjection | undefined;
  private rowHeight = 0;
  private isFollowing = true;
  /** The top row and its position, because all rows move up when older rows are dropped. */
  private anchor = { sequence: 0, index: 0 };
  private current: number | undefined;

  /**
   * @param requestRender - requests a call of `render` in the next frame
   * @param onOpen - the user opens the message with a sequence number
   */
  constructor(requestRender: () => void, onOpen: (sequence: number) => void) {
    this.onOpen = onOpen;
    this.requestRender = requestRender;
    this.view.addEventListener('scroll', () => {
      this.scrolled();
    });
    this.body.addEventListener('click', ({ target }) => {
      const row = target instanceof Element ? target.closest('tr') : null;
      const index = Number(row?.getAttribute('aria-rowindex')) - 2;
      if (this.projection && index >= 0 && !hasSelection(this.body)) {
        this.select(this.projection.sequenceAt(index));
        this.onOpen(this.projection.sequenceAt(index));
      }
    });
    this.view.addEventListener('keydown', (event) => this.keyDown(event));
    this.newest.addEventListener('click', () => {
      this.follow();
      this.view.focus();
    });
    new ResizeObserver(() => {
      this.rowHeight = 0;
      requestRender();
    }).observe(this.view);
  }

  /** Shows another log, at its newest row. */
  show(projection: LogProjection): void {
    this.projection = projection;
    this.current = undefined;
    for (const row of this.rows) {
      row.entry = undefined;
    }
    this.follow();
  }

  /** Scrolls to the newest row and follows it. */
  follow(): void {
    this.isFollowing = true;
    this.requestRender();
  }

  /** Marks a row as the current one. */
  private select(sequence: number): void {
    this.current = sequence;
    this.requestRender();
  }

  /** Renders the visible rows. */
  render(): void {
    const projection = this.projection;
    if (!projection) {
      return;
    }
    if (projection.update(FILTER_BUDGET)) {
      this.requestRender();
    }
    const count = projection.length;
    const header = this.table.tHead?.offsetHeight ?? 0;
    const height = this.measureRow();
    const viewHeight = this.view.clientHeight - header;
    const moved = projection.indexOf(this.anchor.sequence) - this.anchor.index;
    this.anchor.index += moved;
    const scrollTop = this.isFollowing
      ? Math.max(0, count * height - viewHeight)
      : this.view.scrollTop + moved * height;
    const { start, end } = rowWindow({ scrollTop, viewHeight, rowHeight: height, count });
    this.draw(projection, start, end);
    this.table.style.marginBlock = `${start * height}px ${(count - end) * height}px`;
    this.table.setAttribute('aria-rowcount', String(count + 1));
    // Setting it without need would interrupt smooth scrolling.
    if (this.isFollowing ? Math.abs(this.view.scrollTop - scrollTop) >= 1 : moved !== 0) {
      this.view.scrollTop = scrollTop;
    }
    this.hint.hidden = count > 0;
    this.newest.hidden = this.isFollowing && !projection.isPaused;
    setText(this.newest, projection.isPaused ? `Paused, ${projection.waiting} new` : 'Newest ↓');
  }

  private draw(projection: LogProjection, start: number, end: number): void {
    while (this.rows.length < end - start) {
      const row = document.createElement('tr');
      this.rows.push({ element: row, entry: undefined, before: undefined });
    }
    for (const [place, row] of this.rows.entries()) {
      const index = start + place;
      if (index >= end) {
        row.element.remove();
        row.entry = undefined;
        continue;
      }
      if (!row.element.isConnected) {
        this.body.append(row.element);
      }
      const sequence = projection.sequenceAt(index);
      const entry = projection.entryAt(index);
      const before = index > 0 ? projection.entryAt(index - 1) : undefined;
      if (entry && (entry !== row.entry || before !== row.before)) {
        fill(row.element, entry, before);
        row.entry = entry;
        row.before = before;
      }
      row.element.setAttribute('aria-rowindex', String(index + 2));
      if (sequence === this.current) {
        row.element.setAttribute('aria-current', 'true');
      } else {
        row.element.removeAttribute('aria-current');
      }
    }
  }

  private measureRow(): number {
    if (this.rowHeight === 0) {
      const probe = create('tr', '', create('td', '', ' '));
      this.body.append(probe);
      this.rowHeight = probe.getBoundingClientRect().height || 32;
      probe.remove();
    }
    return this.rowHeight;
  }

  private scrolled(): void {
    const projection = this.projection;
    if (!projection) {
      return;
    }
    const { scrollTop, clientHeight, scrollHeight } = this.view;
    this.isFollowing = scrollTop + clientHeight >= scrollHeight - 2;
    const index = Math.floor(scrollTop / this.measureRow());
    this.anchor = { sequence: projection.sequenceAt(index), index };
    this.requestRender();
  }

  private keyDown(event: KeyboardEvent): void {
    const projection = this.projection;
    if (!projection || projection.length === 0 || event.altKey || event.ctrlKey || event.metaKey) {
      return;
    }
    const last = projection.length - 1;
    const at = this.current === undefined ? undefined : projection.indexOf(this.current);
    if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
      event.preventDefault();
      const step = event.key === 'ArrowUp' ? -1 : 1;
      const index = at === undefined ? last : Math.min(last, Math.max(0, at + step));
      this.select(projection.sequenceAt(index));
      this.reveal(index);
    } else if (event.key === 'Home') {
      event.preventDefault();
      this.view.scrollTop = 0;
    } else if (event.key === 'End') {
      event.preventDefault();
      this.follow();
    } else if (event.key === 'Enter' && this.current !== undefined) {
      event.preventDefault();
      this.onOpen(this.current);
    }
  }

  private reveal(index: number): void {
    const height = this.measureRow();
    const header = this.table.tHead?.offsetHeight ?? 0;
    const top = index * height;
    const { scrollTop, clientHeight } = this.view;
    if (top < scrollTop) {
      this.view.scrollTop = top;
    } else if (top + height > scrollTop + clientHeight - header) {
      this.view.scrollTop = top + height - clientHeight + header;
    }
  }
}

function hasSelection(body: Element): boolean {
  const selection = getSelection();
  return selection !== null && !selection.isCollapsed && selection.containsNode(body, true);
}

function fill(row: HTMLTableRowElement, entry: LogEntry, before: LogEntry | undefined): void {
  row.className = entry.kind;
  const since = before ? `+${durationText(entry.time - before.time)}` : '';
  const times = [create('td', 'meta since', since), create('td', 'meta time', timeText(entry.time))];
  if (entry.kind === 'message') {
    row.replaceChildren(...messageCells(entry), ...times);
    return;
  }
  const noEcho = [create('td', 'meta size'), create('td', 'meta round-trip')];
  const text = create('td', '', ...spans(startOf(entry.text, PREVIEW_CHARACTERS)));
  if (entry.note === undefined) {
    text.colSpan = 3;
    row.replaceChildren(text, ...noEcho, ...times);
  } else {
    text.colSpan = 2;
    const note = create('td', 'note', ...spans(startOf(entry.note, PREVIEW_CHARACTERS)));
    row.replaceChildren(text, note, ...noEcho, ...times);
  }
}

function messageCells({ from, data, size, roundTrip, difference }: MessageEntry): HTMLTableCellElement[] {
  const to = from === 'Client' ? 'Server' : 'Client';
  const echo = roundTrip === undefined ? '' : durationText(roundTrip);
  const mark = difference === undefined ? [] : [create('strong', 'differs', '≠ differs'), ' '];
  return [
    create('td', from.toLowerCase(), from),
    create('td', to.toLowerCase(), to),
    create('td', 'data', ...mark, ...spans(previewOf(data))),
    create('td', 'meta size', sizeText(size)),
    create('td', 'meta round-trip', echo),
  ];
}

/** Text nodes, and an element for each hidden character. */
function spans(text: string): (Node | string)[] {
  return visibleParts(text, true).map((part) =>
    part.isSpelledOut ? create('span', 'spelled-out', part.text) : part.text,
  );
}
