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

/** What a worker gets at its start. */
export interface WorkerStart {
  /** Whether it starts first. The log of that worker tells how the server starts. */
  readonly isFirst: boolean;
  /** The development certificate; undefined if none is needed. */
  readonly developmentCertificate?: SharedCertificate | undefined;
  /** The keys of TLS session tickets, in base64. With the same keys a client can resume its session at any worker. */
  readonly ticketKeys: string;
}

/** The functions of the primary that workers call. */
export interface PrimaryFunctions {
  /** The first call of a worker. */
  start(): WorkerStart;
  /** The worker listens at these addresses. */
  listening(urls: readonly string[]): void;
  /** Takes one of the places of MAX_CONNECTIONS and MAX_CONNECTIONS_PER_ADDRESS. Returns the limit that is reached. */
  takePlace(remoteAddress: string): ConnectionLimit | undefined;
  releasePlace(remoteAddress: string): void;
  /** Sends a message to each other worker that has subscribed to the topic. */
  publish(topic: string, message: string): void;
  subscribe(topic: string): void;
  unsubscribe(topic: string): void;
  /** Collects the metrics of all workers. */
  gatherMetrics(): Promise<readonly MetricValues[]>;
}

/** The functions of a worker that the primary calls. */
export interface WorkerFunctions {
  /** Handles a signal as if the process of the worker had got it. */
  deliver(signal: NodeJS.Signals): void;
  /** Another worker has published a message on a topic. */
  hear(topic: string, message: string): void;
  /** A message of this worker was not passed on to another worker, which does not read fast enough. */
  lose(): void;
  metrics(): Promise<MetricValues>;
}
