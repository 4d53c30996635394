import type { ConnectionLimit } from 'nest-raw-websockets';

/** The values of all metrics of a process, as prom-client exchanges them. */
export type MetricValues = readonly object[];

/** The certificate that the primary makes once for all workers. */
export interface SharedCertificate {
  readonly cert: string;
  readonly key: string;
  /** The file of the certificate, if it is kept. */
  readonly path: string | undefined;
}

/** What a worker is told at its start. */
export interface WorkerStart {
  /** Whether it is the first that starts, so that its log tells how the server starts. */
  readonly isFirst: boolean;
  /** The development certificate; undefined if none is needed. */
  readonly developmentCertificate?: SharedCertificate | undefined;
}

/** What workers call in the primary. */
export interface PrimaryFunctions {
  /** The first call of a worker. */
  start(): WorkerStart;
  /** The worker listens at these addresses. */
  listening(urls: readonly string[]): void;
  /** Takes a place of those that MAX_CONNECTIONS and MAX_CONNECTIONS_PER_ADDRESS allow. Returns the limit that is reached. */
  takePlace(remoteAddress: string): ConnectionLimit | undefined;
  releasePlace(remoteAddress: string): void;
  /** Sends a message to each other worker that has subscribed to the topic. */
  publish(topic: string, message: string): void;
  subscribe(topic: string): void;
  unsubscribe(topic: string): void;
  /** Collects the metrics of all workers. */
  gatherMetrics(): Promise<readonly MetricValues[]>;
}

/** What the primary calls in workers. */
export interface WorkerFunctions {
  /** Does what the worker does when its process gets this signal. */
  deliver(signal: NodeJS.Signals): void;
  /** Another worker has published a message on a topic. */
  hear(topic: string, message: string): void;
  /** A message of this worker did not reach another worker, which does not read fast enough. */
  lose(): void;
  metrics(): Promise<MetricValues>;
}
