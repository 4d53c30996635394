import type { Header } from './connection/handshake.js';

/** The arguments of the command line for the connection; durations in milliseconds. */
export interface ConnectArguments {
  readonly header?: readonly Header[];
  readonly origin?: string;
  readonly subprotocol?: readonly string[];
  /** `user:password` */
  readonly auth?: string;
  /** Follows redirects. */
  readonly location?: boolean;
  /** `host:port` to connect to in place of the host and port of the address. */
  readonly connectTo?: string;
  /** The server name for TLS. Default: the host of the address. */
  readonly servername?: string;
  readonly insecure?: boolean;
  /** Paths of PEM files. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
  readonly http2?: boolean;
  /** false: no proxy, even if the environment names one. */
  readonly proxy?: URL | false;
  readonly compress?: boolean;
  /** 0: no limit. */
  readonly connectTimeout: number;
}

/** How stdin is split: a message per line, a JSON object per line, a single message, or a message per chunk. */
export const INPUT_FORMATS = ['lines', 'json', 'message', 'chunks'] as const;
export type InputFormat = (typeof INPUT_FORMATS)[number];

/** How messages are written to stdout: as lines, or as their bytes alone. */
export const OUTPUT_FORMATS = ['lines', 'raw'] as const;

/** The arguments of the command line; durations in milliseconds, sizes in bytes. */
export interface CommandLine extends ConnectArguments {
  /** true: without a limit. */
  readonly reconnect?: true | number;
  readonly reconnectDelay: number;
  /** 0: no limit. */
  readonly silenceTimeout: number;
  /** 0: no pings. */
  readonly pingInterval: number;
  readonly closeStatusCode?: number;
  readonly closeReason?: string;

  readonly showHandshake?: boolean;
  readonly showFrames?: boolean;
  readonly json?: boolean;
  readonly timestamps?: boolean;

  /** Messages that are sent first on each connection; hexadecimal with `binary`. */
  readonly execute?: readonly string[];
  readonly input?: InputFormat;
  readonly output?: (typeof OUTPUT_FORMATS)[number];
  /** Whether NUL separates messages in a pipe, in place of LF. */
  readonly null?: boolean;
  readonly binary?: boolean;
  readonly verify?: boolean;
  /** Whether the server sends one message for each message that it receives. */
  readonly echo: boolean;
  /** 0: no limit. */
  readonly quietPeriod: number;

  readonly count?: number;
  readonly interval?: number;
  readonly size?: number;

  readonly bench?: boolean;
  readonly connections?: number;
  readonly inFlight?: number;
  /** Messages a second on all connections together. */
  readonly rate?: number;
  readonly duration?: number;
}

/** Options that contradict each other, or a file that cannot be used. The message is written for users. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Whether the client generates and times messages, instead of reading them. */
export function isMeasuring({ count, interval, size }: CommandLine): boolean {
  return [count, interval, size].some((value) => value !== undefined);
}
