import { button, create, element } from '../dom.js';
import { enableTabList, markSelected } from '../tab-list.js';
import type { Session } from './session.js';

/** The user's requests to the tabs. */
export interface SessionTabsListener {
  onSelect(session: Session): void;
  onClose(session: Session): void;
  onNew(): void;
}

/** The tabs of the connections. They are hidden while there is only one. */
export class SessionTabs {
  private readonly strip = element('tabStrip', HTMLElement);
  private readonly list = element('sessionTabs', HTMLElement);
  private readonly tabs = new Map<Session, { tab: HTMLElement; label: HTMLElement }>();
  private active: Session | undefined;

  constructor(listener: SessionTabsListener) {
    const sessionOf = (tab: HTMLElement): Session | undefined =>
      [...this.tabs].find(([, { tab: other }]) => other === tab)?.[0];
    enableTabList(this.list, (tab) => {
      const session = sessionOf(tab);
      if (session) {
        listener.onSelect(session);
      }
    });
    this.list.addEventListener('keydown', ({ key, target }) => {
      const session = key === 'Delete' && target instanceof HTMLElement ? sessionOf(target) : undefined;
      if (session) {
        listener.onClose(session);
      }
    });
    button('newTab', () => listener.onNew());
    button('closeTab', () => {
      if (this.active) {
        listener.onClose(this.active);
      }
    });
  }

  show(sessions: readonly Session[], active: Session): void {
    this.active = active;
    this.strip.hidden = sessions.length < 2;
    for (const [session, { tab }] of this.tabs) {
      if (!sessions.includes(session)) {
        tab.remove();
        this.tabs.delete(session);
      }
    }
    for (const session of sessions) {
      let entry = this.tabs.get(session);
      if (!entry) {
        const label = create('span');
        const tab = create('button', 'session-tab', label);
        tab.type = 'button';
        tab.setAttribute('role', 'tab');
        tab.setAttribute('aria-controls', 'sessionPanel');
        entry = { tab, label };
        this.tabs.set(session, entry);
        this.list.append(tab);
      }
      entry.label.textContent = labelOf(session);
      entry.tab.dataset['state'] = session.state;
      if (session === active) {
        markSelected(this.list, entry.tab);
      }
    }
  }

  focusActive(): void {
    (this.active && this.tabs.get(this.active)?.tab)?.focus();
  }
}

function labelOf({ importedFrom, settings }: Session): string {
  if (importedFrom !== undefined) {
    return importedFrom;
  }
  const label = settings.url.replace(/^wss?:\/\//, '');
  return label === '' ? 'New connection' : label;
}
