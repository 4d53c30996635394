/** The options of the lab. */
export interface LabOptions {
  /** Whether only clients on this machine are served. */
  readonly loopbackOnly: boolean;
  /** How many connections it takes at once. */
  readonly maxConnections: number;
  /** How long one lasts at most, in ms. */
  readonly maxTime: number;
  /** How many bytes one is sent at most. */
  readonly maxBytes: number;
  /** The headers of the page at `/lab`, with its Content-Security-Policy. */
  readonly pageHeaders: Readonly<Record<string, string>>;
}

/** Injects the `LabOptions`. */
export const LAB_OPTIONS = Symbol('LAB_OPTIONS');
