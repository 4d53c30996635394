import { button, element, setText } from '../dom.js';
import type { Session } from '../session/session.js';
import type { ConnectionState } from './connection.js';
import { firstMessageFor, isFirstMessage } from './endpoints.js';
import { webSocketUrlOf } from './websocket-url.js';

/** The user's requests to the {@link ConnectPanel}. */
export interface ConnectPanelListener {
  onConnect(): void;
  onClose(): void;
  /** An endpoint was selected. The panel suggests a first message if the endpoint does not accept arbitrary ones. */
  onEndpoint(url: string, firstMessage: string | undefined): void;
  /** @returns a link that fills in the settings */
  onLink(): string;
}

const STATE_TEXTS: Readonly<Record<ConnectionState, string>> = {
  ready: 'Ready to connect...',
  connecting: 'Connecting...',
  open: 'Open',
  closing: 'Closing...',
  closed: 'Closed',
};

/** Endpoint, URL, Connect and Close, the state and the latest problem. */
export class ConnectPanel {
  private readonly endpoint = element('endpoint', HTMLSelectElement);
  private readonly connectionUrl = element('connectionUrl', HTMLInputElement);
  private readonly connectButton = element('connectButton', HTMLButtonElement);
  private readonly stateLabel = element('stateLabel', HTMLElement);
  private readonly sendMessage = element('sendMessage', HTMLTextAreaElement);
  private readonly problem = element('problem', HTMLElement);
  private readonly closeButton: HTMLButtonElement;
  private state: ConnectionState = 'ready';
  private session: Session | undefined;

  constructor(listener: ConnectPanelListener) {
    // A form, so that Enter in a box has the effect of its button.
    element('connectForm', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      this.stateLabel.textContent = 'Connecting';
      listener.onConnect();
    });
    this.closeButton = button('closeButton', () => listener.onClose());
    this.endpoint.addEventListener('change', () => {
      const path = this.endpoint.value;
      const draft = this.sendMessage.value;
      const offer = draft === '' || isFirstMessage(draft) ? (firstMessageFor(path) ?? '') : undefined;
      listener.onEndpoint(webSocketUrlOf(window.location, path), offer);
    });
    const linkHint = element('linkHint', HTMLElement);
    button('copyLink', () => {
      const link = listener.onLink();
      // Without permission, or over plain http, the clipboard is not available, so the link itself is shown.
      const copied = navigator.clipboard?.writeText(link) ?? Promise.reject(new Error('No clipboard'));
      copied.then(
        () => setText(linkHint, 'The link is copied.'),
        () => setText(linkHint, link),
      );
    });
  }

  /**
   * Shows a session: its state, its problem, and which controls are enabled. Update the message box first, because it
   * can only receive the focus when it is enabled.
   */
  show(session: Session): void {
    const before = this.session === session ? this.state : session.state;
    this.session = session;
    this.state = session.state;
    const { state } = session;
    setText(this.stateLabel, STATE_TEXTS[state]);
    this.stateLabel.dataset['state'] = state;
    setText(this.problem, session.problem);
    const paths = Array.from(this.endpoint.options, ({ value }) => value);
    const { url } = session.settings;
    this.endpoint.value = paths.find((path) => path !== '' && webSocketUrlOf(window.location, path) === url) ?? '';

    // A disabled control loses the focus, and a keyboard user would have to start from the top of the page.
    const focusIsFree = this.focusIsFree();
    const isImported = session.importedFrom !== undefined;
    const canConnect = (state === 'ready' || state === 'closing' || state === 'closed') && !isImported;
    this.endpoint.disabled = !canConnect;
    this.connectionUrl.disabled = !canConnect;
    this.connectButton.disabled = !canConnect;
    this.closeButton.disabled = !(state === 'open' || state === 'connecting' || session.isWaitingToReconnect);
    if (state !== before && focusIsFree) {
      if (state === 'open') {
        this.sendMessage.focus();
      } else if (state === 'closed') {
        this.connectButton.focus();
      }
    }
  }

  /** Whether the focus is on the body or on one of the main controls, so that moving it does not disturb the user. */
  private focusIsFree(): boolean {
    const focused = document.activeElement;
    return focused === null || focused === document.body || focused.closest('#connectForm, #sendForm') !== null;
  }
}
