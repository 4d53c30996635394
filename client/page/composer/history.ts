const MOST_MESSAGES = 100;

/** The longest message in the history; saved messages have another limit. */
const LONGEST_MESSAGE = 16_384;

/** The sent messages, to be recalled one after another. The draft is the newest entry, and is kept. */
export class History {
  private kept: string[];
  private draft = '';
  /** The recalled message; the number of messages stands for the draft. */
  private place: number;

  constructor(messages: readonly string[] = []) {
    this.kept = messages.filter((message) => message.length <= LONGEST_MESSAGE).slice(-MOST_MESSAGES);
    this.place = this.kept.length;
  }

  get messages(): readonly string[] {
    return this.kept;
  }

  /** Adds a message as the newest; an equal message moves. */
  add(message: string): void {
    if (message !== '' && message.length <= LONGEST_MESSAGE) {
      this.kept = [...this.kept.filter((other) => other !== message), message].slice(-MOST_MESSAGES);
    }
    this.place = this.kept.length;
    this.draft = '';
  }

  /** The message before the one in the box, or `undefined` at the oldest. */
  older(current: string): string | undefined {
    if (this.place === 0) {
      return undefined;
    }
    if (this.place === this.kept.length) {
      this.draft = current;
    }
    this.place -= 1;
    // After sending, the box still contains the newest message, so the one before it is recalled.
    return this.kept[this.place] === current ? (this.older(current) ?? current) : this.kept[this.place];
  }

  /** The message after the one in the box, finally the draft, and `undefined` after that. */
  newer(): string | undefined {
    if (this.place >= this.kept.length) {
      return undefined;
    }
    this.place += 1;
    return this.place === this.kept.length ? this.draft : this.kept[this.place];
  }
}
