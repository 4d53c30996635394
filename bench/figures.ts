/** What is measured of a server under a load; each load has some of it. */
export interface Figures {
  /** CPU time of the server per message or handshake, in ms: all its threads, user and system. */
  readonly cpuPerMessage?: number;
  /** Messages or handshakes. */
  readonly messagesPerSecond?: number;
  /** How long a message or handshake took, in ms. */
  readonly p50?: number;
  readonly p90?: number;
  readonly p99?: number;
  readonly p999?: number;
  /** The most resident memory that the server ever had, in bytes. */
  readonly peakMemory?: number;
  /** What the server's resident memory has grown by: per connection, and at its peak, in bytes. */
  readonly memoryPerConnection?: number;
  readonly memoryGrowth?: number;
  /** What the server took from a client that does not read, in bytes; what the kernel buffers is part of it. */
  readonly accepted?: number;
  /** How busy server and load were, and everything else on the machine, as share of one core. */
  readonly serverCpu?: number;
  readonly loadCpu?: number;
  readonly otherCpu?: number;
}

export type FigureName = keyof Figures;

/** What one run has shown. */
export interface Run {
  readonly figures: Figures;
  /** Connections with a wrong byte, or that ended early. */
  readonly failures: number;
  readonly firstFailure?: string;
  /** Why there is nothing to measure. */
  readonly unsupported?: string;
}

/** The figure that servers are compared by under each kind of load. In all of them, less is better. */
export const decidingFigure = {
  echo: 'cpuPerMessage',
  'large-message': 'cpuPerMessage',
  handshakes: 'cpuPerMessage',
  idle: 'memoryPerConnection',
  'slow-reader': 'memoryGrowth',
  broadcast: 'cpuPerMessage',
  'stuck-readers': 'memoryGrowth',
} as const;
