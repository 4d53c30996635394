import type { Header } from './connection/handshake.js';

/** What the command line says about connecting; durations in milliseconds. */
export interface ConnectFlags {
  readonly header?: readonly Header[];
  readonly origin?: string;
  readonly subprotocol?: readonly string[];
  /** `user:password` */
  readonly auth?: string;
  /** Follows redirects. */
  readonly location?: boolean;
  /** `host:port` that stands for the address's own. */
  readonly connectTo?: string;
  /** The name for TLS; else the address's host. */
  readonly servername?: string;
  readonly insecure?: boolean;
  /** Paths of PEM files. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
  readonly http2?: boolean;
  /** false: none, whatever the environment says. */
  readonly proxy?: URL | false;
  readonly compress?: boolean;
  /** 0: never. */
  readonly connectTimeout: number;
}

/** How stdin is cut: a message a line, an object a line, one message in all, or one for each chunk that is read. */
export const INPUT_FORMATS = ['lines', 'json', 'message', 'chunks'] as const;
export type InputFormat = (typeof INPUT_FORMATS)[number];

/** How messages are written to stdout: as lines, or their bytes as they are. */
export const OUTPUT_FORMATS = ['lines', 'raw'] as const;

/** What the command line says; durations in milliseconds, sizes in bytes. */
export interface Flags extends ConnectFlags {
  /** true: as often as it takes. */
  readonly reconnect?: true | number;
  readonly reconnectDelay: number;
  /** 0: never. */
  readonly silenceTimeout: number;
  /** 0: never. */
  readonly pingInterval: number;
  readonly closeStatusCode?: number;
  readonly closeReason?: string;

  readonly showHandshake?: boolean;
  readonly showFrames?: boolean;
  readonly json?: boolean;
  readonly timestamps?: boolean;

  /** Messages that are sent first on each connection; hex with `binary`. */
  readonly execute?: readonly string[];
  readonly input?: InputFormat;
  readonly output?: (typeof OUTPUT_FORMATS)[number];
  /** Whether NUL ends a message in a pipe, in place of LF. */
  readonly null?: boolean;
  readonly binary?: boolean;
  readonly verify?: boolean;
  /** Whether as many messages come back as are sent. */
  readonly echo: boolean;
  /** 0: for ever. */
  readonly quietPeriod: number;

  readonly count?: number;
  readonly interval?: number;
  readonly size?: number;

  readonly bench?: boolean;
  readonly connections?: number;
  readonly inFlight?: number;
  /** Messages a second, of all connections together. */
  readonly rate?: number;
  readonly duration?: number;
}

/** Options that do not go together, or a file that cannot be used. The message is for people. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Whether messages are made up and timed, instead of typed or read. */
export function isMeasuring({ count, interval, size }: Flags): boolean {
  return [count, interval, size].some((value) => value !== undefined);
}
