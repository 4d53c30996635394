import type { ConnectionState } from './connection.js';

/** What the person at the page can ask for, and what the controls have to know. */
export interface ControlsListener {
  /** The URL of an endpoint of this server, by its path. */
  urlOf(path: string): string;
  onConnect(url: string): void;
  onSend(message: string): void;
  onClose(): void;
}

const STATE_TEXTS: Record<ConnectionState, string> = {
  ready: 'Ready to connect...',
  connecting: 'Connecting...',
  open: 'Open',
  closing: 'Closing...',
  closed: 'Closed',
};

/** The boxes, buttons and the state label: which of them can be used when, what they say, and where the focus goes. */
export class Controls {
  readonly #endpoint = element('endpoint', HTMLSelectElement);
  readonly #connectionUrl = element('connectionUrl', HTMLInputElement);
  readonly #connectButton = element('connectButton', HTMLButtonElement);
  readonly #stateLabel = element('stateLabel', HTMLElement);
  readonly #sendMessage = element('sendMessage', HTMLInputElement);
  readonly #sendButton = element('sendButton', HTMLButtonElement);
  readonly #closeButton = element('closeButton', HTMLButtonElement);
  #state: ConnectionState = 'ready';

  constructor(listener: ControlsListener) {
    // Forms, so that Enter in a box does what the button beside it does.
    element('connectForm', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      this.#stateLabel.textContent = 'Connecting';
      listener.onConnect(this.#connectionUrl.value);
    });
    element('sendForm', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      listener.onSend(this.#sendMessage.value);
      // On to the next message: the last one stays for sending it again, and typing replaces it.
      this.#sendMessage.focus();
      this.#sendMessage.select();
    });
    this.#closeButton.addEventListener('click', () => {
      listener.onClose();
    });
    const writeUrl = (): void => {
      this.#connectionUrl.value = listener.urlOf(this.#endpoint.value);
      this.#connectionUrl.removeAttribute('aria-invalid');
    };
    this.#endpoint.addEventListener('change', writeUrl);
    this.#connectionUrl.addEventListener('input', () => {
      this.#connectionUrl.removeAttribute('aria-invalid');
      const paths = Array.from(this.#endpoint.options, ({ value }) => value);
      const url = this.#connectionUrl.value;
      this.#endpoint.value = paths.find((path) => path !== '' && listener.urlOf(path) === url) ?? '';
    });
    writeUrl();
  }

  /** Shows a state: its text, and the controls that can be used in it. */
  show(state: ConnectionState): void {
    const before = this.#state;
    this.#state = state;
    this.#stateLabel.textContent = STATE_TEXTS[state];
    this.#stateLabel.dataset['state'] = state;

    // A control that gets disabled loses the focus, and a keyboard user would have to start from the top of the page.
    const focusIsFree = this.#focusIsFree();
    const canConnect = state === 'ready' || state === 'closed';
    this.#endpoint.disabled = !canConnect;
    this.#connectionUrl.disabled = !canConnect;
    this.#connectButton.disabled = !canConnect;
    const canSend = state === 'open';
    this.#sendMessage.disabled = !canSend;
    this.#sendButton.disabled = !canSend;
    this.#closeButton.disabled = !canSend;

    if (state !== before && focusIsFree) {
      if (state === 'open') {
        this.#sendMessage.focus();
      } else if (state === 'closed') {
        this.#connectButton.focus();
      }
    }
  }

  /** Points to the URL box as the place where something has to be corrected. */
  pointToUrl(): void {
    this.#connectionUrl.setAttribute('aria-invalid', 'true');
    this.#connectionUrl.focus();
  }

  /** Whether the focus is nowhere or on one of these controls, so that moving it takes nobody away from the log. */
  #focusIsFree(): boolean {
    const focused = document.activeElement;
    return (
      focused === null ||
      focused === document.body ||
      focused instanceof HTMLSelectElement ||
      focused instanceof HTMLInputElement ||
      focused instanceof HTMLButtonElement
    );
  }
}

/**
 * The element with an id.
 *
 * @throws Error if the page has no such element, or one of another kind
 */
export function element<T extends HTMLElement>(id: string, kind: { new (): T; prototype: T }): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) {
    throw new TypeError(`The page has no ${kind.name} with the id "${id}"`);
  }
  return found;
}
