import { countOf } from './log/preview.js';

/** The minimum interval between announcements to a screen reader, in milliseconds. */
const INTERVAL = 1_500;

/** The environment of an {@link Announcer}. */
export interface AnnouncerEnvironment {
  setTimeout(callback: () => void, milliseconds: number): unknown;
  say(text: string): void;
}

/** Announces events to a screen reader in summary: notices by their text, messages by their number. */
export class Announcer {
  private readonly environment: AnnouncerEnvironment;
  private notices: string[] = [];
  private messages = 0;
  private isWaiting = false;

  constructor(environment: AnnouncerEnvironment) {
    this.environment = environment;
  }

  notice(text: string): void {
    // The newest are the most important, and a list of hundreds would take minutes to read aloud.
    this.notices = [...this.notices, text].slice(-3);
    this.sayLater();
  }

  message(): void {
    this.messages += 1;
    this.sayLater();
  }

  private sayLater(): void {
    if (!this.isWaiting) {
      this.isWaiting = true;
      this.environment.setTimeout(() => {
        this.isWaiting = false;
        const received = this.messages === 0 ? [] : [`${countOf(this.messages, 'message')} received.`];
        this.environment.say([...this.notices, ...received].join(' '));
        this.notices = [];
        this.messages = 0;
      }, INTERVAL);
    }
  }
}
