/** Where the server under test is, and what it is. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** How WebSockets get there: HTTP/1.1 over TCP, HTTP/1.1 over TLS, HTTP/2 over TLS. */
  readonly protocol: 'http' | 'https' | 'h2';
  /** Whether it echoes only the events of Nest's stock gateways. */
  readonly takesEvents: boolean;
}

export interface ConnectionOptions {
  readonly offersCompression?: boolean;
}

/** What carries the frames of one WebSocket: a TCP or TLS connection, or a stream of HTTP/2. */
export interface Connection {
  /** The bytes must not change until they are sent. */
  write(bytes: Buffer): void;
  /** Ends it at once. */
  destroy(): void;
}

/** Is told of what happens on a connection, and never before it has that connection. */
export interface ConnectionListener {
  /** The handshake is done. */
  onOpen(isCompressed: boolean): void;
  /** Bytes from `start` to `end`, which are there during the call only. */
  onBytes(bytes: Buffer, start: number, end: number): void;
  /** The connection has ended, and nobody here ended it; or the listener has thrown. */
  onFailure(error: Error): void;
}

/** Begins the handshake of a WebSocket. */
export type Connect<Kind extends Connection = Connection> = (
  options: ConnectionOptions,
  listener: ConnectionListener,
) => Kind;
