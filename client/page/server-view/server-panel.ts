import { create, describe, element, setText } from '../dom.js';
import { countOf } from '../log/preview.js';
import { timeText } from '../log/units.js';
import type { Session } from '../session/session.js';
import { describeEvent, factsOf, sideOf } from './describe-event.js';

/** The maximum number of events in the table; the newest are kept. */
const SHOWN_EVENTS = 200;

/** The server's view of the connection, from the diagnostics stream. */
export class ServerPanel {
  private readonly tab = element('serverTab', HTMLElement);
  private readonly watch = element('watchServer', HTMLInputElement);
  private readonly hint = element('serverHint', HTMLElement);
  private readonly facts = element('serverFacts', HTMLElement);
  private readonly headers = element('serverHeaders', HTMLDetailsElement);
  private readonly headerList = element('serverHeaderList', HTMLElement);
  private readonly table = element('serverEvents', HTMLTableElement);
  private session: Session | undefined;

  constructor() {
    this.watch.addEventListener('change', () => {
      if (this.session) {
        this.session.isWatched = this.watch.checked;
      }
    });
  }

  /** Hides the view permanently: this server has no diagnostics stream. */
  hide(): void {
    this.tab.hidden = true;
  }

  render(session: Session): void {
    this.session = session;
    this.watch.checked = session.isWatched;
    const { watch } = session;
    if (!watch) {
      return;
    }
    const { request, events, dropped } = watch;
    describe(this.facts, request ? factsOf(request) : []);
    this.headers.hidden = !request;
    describe(this.headerList, request?.headers ?? []);
    this.table.hidden = events.length === 0;
    this.table.tBodies[0]?.replaceChildren(
      ...events
        .slice(-SHOWN_EVENTS)
        .toReversed()
        .map((event) =>
          create(
            'tr',
            `event-${event.kind}`,
            create('td', 'time', timeText(event.at)),
            create('td', sideOf(event).toLowerCase(), sideOf(event)),
            create('td', '', describeEvent(event)),
          ),
        ),
    );
    if (events.length > 0) {
      const hidden = dropped + Math.max(0, events.length - SHOWN_EVENTS);
      setText(this.hint, hidden === 0 ? 'Newest first.' : `Newest first; ${countOf(hidden, 'older event')} not shown.`);
    }
  }
}
