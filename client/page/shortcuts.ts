import { button, describe, element } from './dom.js';

/** One keyboard shortcut. */
export interface Shortcut {
  /** The displayed keys: `Alt+P`, `?`. */
  readonly keys: string;
  readonly what: string;
  run?(): void;
}

/** Keys that are handled elsewhere, for the list only. */
const ELSEWHERE: readonly Shortcut[] = [
  { keys: 'Enter', what: 'Send the message (in the message box)' },
  { keys: 'Shift+Enter', what: 'Break the line (in the message box)' },
  { keys: '↑ ↓', what: 'Recall sent messages (in the message box); choose a row (in the log)' },
  { keys: 'Enter, Escape', what: 'Open and close the message of a row (in the log)' },
];

/** Runs shortcuts, and lists them in a dialog at `?`. */
export function enableShortcuts(shortcuts: readonly Shortcut[]): void {
  const dialog = element('help', HTMLDialogElement);
  const show = (): void => {
    if (!dialog.open) {
      dialog.showModal();
    }
  };
  button('showHelp', show);
  const all: readonly Shortcut[] = [...shortcuts, { keys: '?', what: 'Show this list', run: show }];
  describe(
    element('shortcutList', HTMLElement),
    [...ELSEWHERE, ...all].map(({ keys, what }) => [keys, what]),
  );
  document.addEventListener('keydown', (event) => {
    // A single character is input in a text field (WCAG 2.1.4).
    const types = event.target instanceof Element && event.target.matches('input, textarea, select');
    // On macOS, Alt produces other characters, so the position of the key is compared.
    const keys = event.altKey ? `Alt+${event.code.replace(/^(Key|Digit)/, '')}` : types ? '' : event.key;
    const shortcut = event.ctrlKey || event.metaKey ? undefined : all.find((one) => one.keys === keys);
    if (shortcut?.run) {
      event.preventDefault();
      shortcut.run();
    }
  });
}
