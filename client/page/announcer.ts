import { countOf } from './log/preview.js';

/** A screen reader is told something at most this often, in milliseconds. */
const INTERVAL = 1_500;

/** What an {@link Announcer} needs of its environment. */
export interface AnnouncerEnvironment {
  setTimeout(callback: () => void, milliseconds: number): unknown;
  say(text: string): void;
}

/** Tells a screen reader what happens, summed up: notices by their text, messages by their number. */
export class Announcer {
  private readonly environment: AnnouncerEnvironment;
  private notices: string[] = [];
  private messages = 0;
  private isWaiting = false;

  constructor(environment: AnnouncerEnvironment) {
    this.environment = environment;
  }

  notice(text: string): void {
    // The newest matter most, and a list of hundreds would take minutes to hear.
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
