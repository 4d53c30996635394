import type { OutboxOptions } from './outbox.js';

/** Takes the figures of the chat. Each is read when somebody asks for it. */
export interface BackgroundMetrics {
  counter(name: string, help: string, read: () => number): void;
  gauge(name: string, help: string, read: () => number): void;
}

/** Options of `BackgroundModule`. */
export interface BackgroundOptions extends OutboxOptions {
  /** Up to how many members of a room are told who joins and leaves; 0 for any number. */
  readonly presenceLimit: number;
  /** `redis://` or `rediss://`: where the servers of the chat meet. Undefined where there is one server. */
  readonly redisUrl: string | undefined;
  readonly metrics: BackgroundMetrics;
}

/** The injection token of the `BackgroundOptions`. */
export const BACKGROUND_OPTIONS = Symbol('BackgroundOptions');
