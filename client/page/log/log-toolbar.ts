import { toCsv } from '../export/csv.js';
import { fromHar, toHar } from '../export/har.js';
import { toNdjson } from '../export/ndjson.js';
import { button, element, setText } from '../dom.js';
import { fileName, saveFile } from '../save-file.js';
import type { Session } from '../session/session.js';
import { createFilter, type FilterSettings } from './filter.js';
import type { LogEntry } from './log-entry.js';
import { KEPT_ENTRIES } from './log-store.js';
import { countOf } from './preview.js';

/** The largest file that is read: the page needs its size several times in memory. */
const LARGEST_IMPORT = 256 * 1_048_576;

/** The user's requests to the {@link LogToolbar}. */
export interface LogToolbarListener {
  /** A filter or a pause changed the displayed log. */
  onShownChanged(): void;
  onImported(name: string, entries: readonly LogEntry[]): void;
  onProblem(problem: string): void;
}

/** Pause, clear, filter, export and import. */
export class LogToolbar {
  private readonly limit = element('logLimit', HTMLElement);
  private readonly pattern = element('filterPattern', HTMLInputElement);
  private readonly from = element('filterFrom', HTMLSelectElement);
  private readonly kind = element('filterKind', HTMLSelectElement);
  private readonly filterHint = element('filterHint', HTMLElement);
  private readonly filterBar = element('filterBar', HTMLElement);
  private readonly showFilter: HTMLButtonElement;
  private readonly pause: HTMLButtonElement;
  private readonly menu = element('fileMenu', HTMLDetailsElement);
  private readonly listener: LogToolbarListener;
  private session: Session | undefined;

  constructor(listener: LogToolbarListener) {
    this.listener = listener;
    this.pause = button('pauseLog', () => this.togglePause());
    button('clearLog', () => this.clear());
    this.showFilter = button('showFilter', () => this.toggleFilter());
    for (const field of [this.pattern, this.from, this.kind]) {
      field.addEventListener('input', () => this.applyFilter());
    }
    const save = (extension: string, type: string, content: (session: Session) => Iterable<string>): void => {
      this.menu.open = false;
      if (this.session) {
        saveFile(fileName(extension), type, content(this.session));
      }
    };
    button('exportNdjson', () => save('ndjson', 'application/x-ndjson', ({ log }) => toNdjson(log)));
    button('exportCsv', () => save('csv', 'text/csv', ({ log }) => toCsv(log)));
    button('exportHar', () => save('har', 'application/json', ({ log, settings }) => [toHar(log, settings.url)]));
    const file = element('harFile', HTMLInputElement);
    button('importHar', () => {
      this.menu.open = false;
      file.click();
    });
    file.addEventListener('change', () => {
      const [chosen] = file.files ?? [];
      if (chosen) {
        void this.import(chosen);
      }
      file.value = '';
    });
    this.menu.addEventListener('keydown', ({ key }) => {
      if (key === 'Escape') {
        this.menu.open = false;
        this.menu.querySelector('summary')?.focus();
      }
    });
    document.addEventListener('click', ({ target }) => {
      if (!(target instanceof Node && this.menu.contains(target))) {
        this.menu.open = false;
      }
    });
  }

  /** Shows a session; the filter applies to all sessions. */
  show(session: Session): void {
    this.session = session;
    this.applyFilter();
  }

  togglePause(): void {
    const projection = this.session?.projection;
    if (projection?.isPaused) {
      projection.resume();
    } else {
      projection?.pause();
    }
    this.listener.onShownChanged();
  }

  clear(): void {
    this.session?.clearLog();
    this.listener.onShownChanged();
  }

  /** Opens the filter and moves the focus to its box. */
  goToFilter(): void {
    if (this.filterBar.hidden) {
      this.toggleFilter();
    }
    this.pattern.focus();
  }

  render(): void {
    const session = this.session;
    if (!session) {
      return;
    }
    const { log, projection } = session;
    this.pause.setAttribute('aria-pressed', String(projection.isPaused));
    setText(
      this.limit,
      log.dropped === 0
        ? log.length === 0
          ? `Keeps the latest ${countOf(KEPT_ENTRIES, 'row')}.`
          : `${countOf(log.length, 'row')}.`
        : `Keeps the latest ${countOf(log.length, 'row')}; ${countOf(log.dropped, 'older row')} dropped.`,
    );
    if (!this.filterBar.hidden && !this.pattern.ariaInvalid) {
      setText(this.filterHint, `${countOf(projection.length, 'row')} shown.`);
    }
  }

  private toggleFilter(): void {
    this.filterBar.hidden = !this.filterBar.hidden;
    this.showFilter.setAttribute('aria-expanded', String(!this.filterBar.hidden));
    if (this.filterBar.hidden) {
      // A hidden filter would hide rows without a visible reason.
      this.pattern.value = '';
      this.from.value = '';
      this.kind.value = '';
    }
    this.applyFilter();
  }

  private applyFilter(): void {
    const filter = createFilter({
      pattern: this.pattern.value,
      from: this.from.value as FilterSettings['from'],
      kind: this.kind.value as FilterSettings['kind'],
    });
    const isProblem = typeof filter === 'object';
    this.pattern.ariaInvalid = isProblem ? 'true' : null;
    this.filterHint.classList.toggle('problem-text', isProblem);
    if (isProblem) {
      setText(this.filterHint, filter.problem);
    } else {
      this.session?.projection.setFilter(filter);
      this.listener.onShownChanged();
    }
  }

  private async import(file: File): Promise<void> {
    if (file.size > LARGEST_IMPORT) {
      this.listener.onProblem(`"${file.name}" is larger than ${countOf(LARGEST_IMPORT, 'byte')}, so it is not read.`);
      return;
    }
    try {
      const result = fromHar(await file.text());
      if ('problem' in result) {
        this.listener.onProblem(`"${file.name}": ${result.problem}`);
      } else {
        this.listener.onImported(file.name, result.entries);
      }
    } catch (error) {
      this.listener.onProblem(
        `"${file.name}" cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}
