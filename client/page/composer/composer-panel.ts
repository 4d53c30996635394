import { button, element, setText } from '../dom.js';
import type { Session } from '../session/session.js';
import type { KeptValue } from '../session/storage.js';
import { FORMATS, layOutJson } from './encode.js';
import { History } from './history.js';
import { hasPlaceholders } from './placeholders.js';
import { withSaved, type SavedMessage } from './saved-messages.js';

/** The message box grows up to this many lines, and then scrolls. */
const MOST_LINES = 8;

/** The user's requests to the {@link ComposerPanel}. */
export interface ComposerListener {
  onSend(): void;
  onFiles(files: readonly File[]): void;
  onRepeat(): void;
  onBurst(): void;
  onHeartbeat(): void;
  /** Settings changed without their own fields. */
  onSettings(settings: Partial<Session['settings']>): void;
}

/** The stored data of the {@link ComposerPanel}. */
export interface ComposerMemory {
  readonly saved: KeptValue<readonly SavedMessage[]>;
  readonly history: KeptValue<readonly string[]>;
}

/** The message box with its history, formats, files, saved messages and repetitions. */
export class ComposerPanel {
  private readonly message = element('sendMessage', HTMLTextAreaElement);
  private readonly hintText = element('draftHint', HTMLElement);
  private readonly jsonActions = element('jsonActions', HTMLElement);
  private readonly savedList = element('savedMessages', HTMLSelectElement);
  private readonly savedName = element('savedName', HTMLInputElement);
  private readonly savedHint = element('savedHint', HTMLElement);
  private readonly deleteSaved: HTMLButtonElement;
  private readonly repeat: HTMLButtonElement;
  private readonly burst: HTMLButtonElement;
  private readonly heartbeat: HTMLButtonElement;
  private readonly whileOpen: readonly (HTMLButtonElement | HTMLTextAreaElement)[];
  private readonly listener: ComposerListener;
  private readonly memory: ComposerMemory;
  private readonly history: History;
  private saved: readonly SavedMessage[];
  private session: Session | undefined;

  constructor(memory: ComposerMemory, listener: ComposerListener) {
    this.memory = memory;
    this.listener = listener;
    this.saved = memory.saved.load();
    this.history = new History(memory.history.load());
    this.deleteSaved = button('deleteSaved', () => this.delete());
    this.repeat = button('repeatButton', () => listener.onRepeat());
    this.burst = button('burstButton', () => listener.onBurst());
    this.heartbeat = button('heartbeatButton', () => listener.onHeartbeat());
    const fileInput = element('file', HTMLInputElement);
    const sendFile = button('sendFile', () => fileInput.click());
    fileInput.addEventListener('change', () => {
      listener.onFiles([...(fileInput.files ?? [])]);
      fileInput.value = '';
    });
    this.whileOpen = [this.message, element('sendButton', HTMLButtonElement), sendFile];
    button('formatJson', () => this.layOut('lines'));
    button('compactJson', () => this.layOut('compact'));
    button('saveMessage', () => this.save());
    this.savedList.addEventListener('change', () => this.choose());
    this.message.addEventListener('keydown', (event) => this.keyDown(event));
    element('sendForm', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      listener.onSend();
    });
    this.acceptDrops(element('sendForm', HTMLFormElement));
    this.listSaved();
  }

  /** The draft was sent: it stays, selected, so that the user can send it again or replace it. */
  sent(): void {
    this.history.add(this.message.value);
    this.memory.history.save(this.history.messages);
    this.message.focus();
    this.message.select();
  }

  /** Shows which actions the session allows, and hints about the draft. */
  show(session: Session): void {
    this.session = session;
    const isOpen = session.state === 'open';
    for (const control of this.whileOpen) {
      control.disabled = !isOpen;
    }
    const { repeater, heartbeat, settings, progress } = session;
    this.repeat.disabled = !isOpen;
    this.burst.disabled = !isOpen;
    this.heartbeat.disabled = !isOpen;
    setText(this.repeat, repeater.isRunning ? 'Stop' : 'Repeat');
    setText(this.burst, repeater.isRunning ? 'Stop' : 'Send burst');
    setText(this.heartbeat, heartbeat.isRunning ? 'Stop' : 'Start');
    setText(element('progress', HTMLElement), progress);
    this.jsonActions.hidden = settings.format !== 'json';
    this.message.rows = Math.min(MOST_LINES, settings.draft.split('\n', MOST_LINES).length);
  }

  /** Shows a sentence below the message box: the fault of the draft, or a hint. */
  hint(problem?: string): void {
    const { draft, placeholders } = this.session?.settings ?? { draft: '', placeholders: true };
    this.hintText.classList.toggle('problem-text', problem !== undefined);
    setText(
      this.hintText,
      problem ??
        (!placeholders && hasPlaceholders(draft)
          ? 'Placeholders are sent unchanged. Tick “Fill in …” in the message options to fill them in.'
          : ''),
    );
  }

  private keyDown(event: KeyboardEvent): void {
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) {
      return;
    }
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      element('sendForm', HTMLFormElement).requestSubmit();
      return;
    }
    const { value, selectionStart, selectionEnd } = this.message;
    const recalled =
      event.key === 'ArrowUp' && !event.shiftKey && !value.slice(0, selectionStart).includes('\n')
        ? this.history.older(value)
        : event.key === 'ArrowDown' && !event.shiftKey && !value.slice(selectionEnd).includes('\n')
          ? this.history.newer()
          : undefined;
    if (recalled !== undefined) {
      event.preventDefault();
      this.listener.onSettings({ draft: recalled });
      const caret = event.key === 'ArrowUp' ? 0 : recalled.length;
      this.message.setSelectionRange(caret, caret);
    }
  }

  private acceptDrops(form: HTMLFormElement): void {
    form.addEventListener('dragover', (event) => {
      if (event.dataTransfer?.types.includes('Files')) {
        event.preventDefault();
        form.classList.add('drop');
      }
    });
    form.addEventListener('dragleave', () => form.classList.remove('drop'));
    form.addEventListener('drop', (event) => {
      form.classList.remove('drop');
      if (event.dataTransfer && event.dataTransfer.files.length > 0) {
        event.preventDefault();
        this.listener.onFiles([...event.dataTransfer.files]);
      }
    });
  }

  private layOut(style: 'lines' | 'compact'): void {
    const result = layOutJson(this.message.value, style);
    if ('problem' in result) {
      this.hint(result.problem);
    } else {
      this.listener.onSettings({ draft: result.data });
      this.hint();
    }
  }

  private save(): void {
    const { draft = '', format = FORMATS[0] ?? 'text', placeholders = false } = this.session?.settings ?? {};
    const name = this.savedName.value.trim();
    const saved = withSaved(this.saved, { name, text: draft, format, placeholders });
    if ('problem' in saved) {
      setText(this.savedHint, saved.problem);
      return;
    }
    const isKept = this.keep(saved);
    this.savedList.value = name;
    this.deleteSaved.disabled = false;
    setText(this.savedHint, isKept ? 'Saved.' : 'Saved until this page closes: the browser does not keep it.');
  }

  private choose(): void {
    const chosen = this.saved.find(({ name }) => name === this.savedList.value);
    this.deleteSaved.disabled = !chosen;
    if (chosen) {
      this.savedName.value = chosen.name;
      const { text, format, placeholders } = chosen;
      this.listener.onSettings({ draft: text, format, placeholders });
    }
  }

  private delete(): void {
    const name = this.savedList.value;
    this.keep(this.saved.filter((saved) => saved.name !== name));
    this.deleteSaved.disabled = true;
    this.savedList.focus();
    setText(this.savedHint, `“${name}” is deleted.`);
  }

  private keep(saved: readonly SavedMessage[]): boolean {
    this.saved = saved;
    this.listSaved();
    return this.memory.saved.save(saved);
  }

  private listSaved(): void {
    const first = this.savedList.options[0];
    this.savedList.replaceChildren(...(first ? [first] : []), ...this.saved.map(({ name }) => new Option(name, name)));
    this.savedList.value = '';
  }
}
