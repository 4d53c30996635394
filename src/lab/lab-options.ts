/** The options of the lab. */
export interface LabOptions {
  /** Whether only clients on this machine are served. */
  readonly loopbackOnly: boolean;
  /** The maximum number of connections at once. */
  readonly maxConnections: number;
  /** The maximum duration of a connection, in ms. */
  readonly maxTime: number;
  /** The maximum number of bytes sent to a connection. */
  readonly maxBytes: number;
  /** The headers of the page at `/lab`, with its Content-Security-Policy. */
  readonly pageHeaders: Readonly<Record<string, string>>;
}

/** Injects the `LabOptions`. */
export const LAB_OPTIONS = Symbol('LAB_OPTIONS');
