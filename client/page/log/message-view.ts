import { button, create, element, setText } from '../dom.js';
import { saveFile } from '../save-file.js';
import { hexDump } from './hex.js';
import { jsonTree, parseExactly } from './json-tree.js';
import type { LogEntry } from './log-entry.js';
import { countOf } from './preview.js';
import { durationText, timeText } from './units.js';
import { visibleParts } from './visible-text.js';

/** The number of characters, or bytes of a hex dump, at first and for each "Show more". */
const TEXT_BLOCK = 32_768;
const HEX_BLOCK = 8_192;

/** The longest text that is parsed as JSON: a longer one would block the browser for seconds. */
const LONGEST_JSON = 16 * 1_048_576;

type Style = 'text' | 'json' | 'hex';

/** One whole message: as text with visible code points for hidden characters, as a JSON tree, or as a hex dump. */
export class MessageView {
  private readonly section = element('messageView', HTMLElement);
  private readonly title = element('messageTitle', HTMLElement);
  private readonly facts = element('messageFacts', HTMLElement);
  private readonly difference = element('messageDifference', HTMLElement);
  private readonly content = element('messageContent', HTMLElement);
  private readonly more: HTMLButtonElement;
  private readonly styles: Readonly<Record<Style, HTMLButtonElement>>;
  private readonly copy: HTMLButtonElement;
  private readonly onClosed: () => void;
  private entry: LogEntry | undefined;
  private style: Style = 'text';
  private shown = 0;

  /** @param onClosed - the view was closed, and the focus has to move */
  constructor(onClosed: () => void) {
    this.onClosed = onClosed;
    this.styles = {
      text: button('showText', () => this.show('text')),
      json: button('showJson', () => this.show('json')),
      hex: button('showHex', () => this.show('hex')),
    };
    this.more = button('showMore', () => this.showMore());
    this.copy = button('copyMessage', () => {
      const copied = navigator.clipboard?.writeText(this.text()) ?? Promise.reject(new Error('No clipboard'));
      copied.then(
        () => setText(this.copy, 'Copied'),
        () => setText(this.copy, 'Not allowed'),
      );
    });
    button('saveMessageFile', () => this.save());
    button('closeMessage', () => this.close());
    this.section.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') {
        this.close();
      }
    });
  }

  /** Opens an entry of the log, with formatted JSON at once. */
  open(entry: LogEntry): void {
    this.entry = entry;
    this.section.hidden = false;
    setText(this.copy, 'Copy');
    const isMessage = entry.kind === 'message';
    setText(this.title, isMessage ? `${entry.from} to ${entry.from === 'Client' ? 'Server' : 'Client'}` : 'Connection');
    const facts = [timeText(entry.time)];
    if (isMessage) {
      facts.push(typeof entry.data === 'string' ? 'text' : 'binary', countOf(entry.size, 'byte'));
      if (entry.roundTrip !== undefined) {
        facts.push(`round trip ${durationText(entry.roundTrip)}`);
      }
    }
    setText(this.facts, facts.join(' · '));
    setText(this.difference, (isMessage && entry.difference) || '');
    this.styles.json.disabled = this.json() === undefined;
    this.show(isMessage && typeof entry.data !== 'string' ? 'hex' : this.styles.json.disabled ? 'text' : 'json');
    this.title.focus();
  }

  /** Closes the view and releases the message. */
  close(): void {
    if (!this.section.hidden) {
      this.section.hidden = true;
      this.entry = undefined;
      this.content.replaceChildren();
      this.onClosed();
    }
  }

  private show(style: Style): void {
    this.style = style;
    for (const [name, { ariaPressed }] of Object.entries(this.styles)) {
      if (ariaPressed !== String(name === style)) {
        this.styles[name as Style].ariaPressed = String(name === style);
      }
    }
    this.shown = 0;
    this.content.replaceChildren();
    if (style === 'json') {
      this.content.append(jsonTree(this.json()?.value));
      this.more.hidden = true;
    } else {
      this.content.append(create('pre', style === 'hex' ? 'dump' : 'text'));
      this.showMore();
    }
    this.content.scrollTop = 0;
  }

  private showMore(): void {
    const pre = this.content.querySelector('pre');
    if (this.style === 'hex') {
      const bytes = this.bytes();
      const part = bytes.subarray(this.shown, this.shown + HEX_BLOCK);
      pre?.append(this.shown === 0 ? '' : '\n', hexDump(part, this.shown));
      this.shown += part.length;
      this.more.hidden = this.shown >= bytes.length;
      setText(this.more, `Show more: ${countOf(bytes.length - this.shown, 'byte')} left`);
      return;
    }
    const text = this.text();
    let end = Math.min(text.length, this.shown + TEXT_BLOCK);
    if (/[\ud800-\udbff]/.test(text[end - 1] ?? '') && end < text.length) {
      end += 1;
    }
    for (const part of visibleParts(text.slice(this.shown, end))) {
      pre?.append(part.isSpelledOut ? create('span', 'spelled-out', part.text) : part.text);
    }
    this.shown = end;
    this.more.hidden = end >= text.length;
    setText(this.more, `Show more: ${countOf(text.length - end, 'character')} left`);
  }

  private save(): void {
    const entry = this.entry;
    if (entry?.kind === 'message') {
      const isText = typeof entry.data === 'string';
      saveFile(`message.${isText ? 'txt' : 'bin'}`, isText ? 'text/plain' : 'application/octet-stream', [entry.data]);
    } else if (entry) {
      saveFile('message.txt', 'text/plain', [this.text()]);
    }
  }

  private text(): string {
    const entry = this.entry;
    if (entry?.kind === 'message') {
      return typeof entry.data === 'string' ? entry.data : new TextDecoder().decode(entry.data);
    }
    return entry ? [entry.text, entry.note].filter(Boolean).join('\n') : '';
  }

  private bytes(): Uint8Array {
    const data = this.entry?.kind === 'message' ? this.entry.data : this.text();
    return typeof data === 'string' ? new TextEncoder().encode(data) : new Uint8Array(data);
  }

  /** The value, if the message is a JSON object or array: a tree does not help for a single number or string. */
  private json(): { readonly value: unknown } | undefined {
    const data = this.entry?.kind === 'message' ? this.entry.data : '';
    if (typeof data !== 'string' || data.length > LONGEST_JSON || !/^\s*[[{]/.test(data)) {
      return undefined;
    }
    try {
      return { value: parseExactly(data) };
    } catch {
      return undefined;
    }
  }
}
