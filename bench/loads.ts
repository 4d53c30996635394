import type { Suite } from './suites.js';

/** What the messages of a load are made of. */
export interface MessageShape {
  /** In bytes. */
  readonly size: number;
  readonly content: 'text' | 'utf8' | 'binary';
  /** In bytes; without it, a message is one frame. */
  readonly fragmentSize?: number;
  /** Whether permessage-deflate is offered and used. */
  readonly isCompressed?: boolean;
}

interface LoadBase {
  /** What `--only` takes. */
  readonly name: string;
  readonly title: string;
  readonly suite: Suite;
  readonly message: MessageShape;
}

/** Every connection keeps as many messages on their way as `inFlight` says. */
export interface EchoLoad extends LoadBase {
  readonly kind: 'echo';
  readonly connections: number;
  readonly inFlight: number;
}

/** One message on one connection, then another one. */
export interface LargeMessageLoad extends LoadBase {
  readonly kind: 'large-message';
}

/** Connects, shakes hands, closes, and starts again, `connections` at a time. */
export interface HandshakeLoad extends LoadBase {
  readonly kind: 'handshakes';
  readonly connections: number;
}

/** Connections that have echoed one message each and are then silent. */
export interface IdleLoad extends LoadBase {
  readonly kind: 'idle';
  readonly connections: number;
}

/** A client that sends messages and reads nothing, then reads all that there is. */
export interface SlowReaderLoad extends LoadBase {
  readonly kind: 'slow-reader';
  readonly messages: number;
}

/** One speaks, and all connections hear it; `inFlight` messages are on their way at most. */
export interface BroadcastLoad extends LoadBase {
  readonly kind: 'broadcast';
  readonly connections: number;
  readonly inFlight: number;
}

/** The same, where some connections are no longer read, and so many messages are said. */
export interface StuckReadersLoad extends LoadBase {
  readonly kind: 'stuck-readers';
  readonly connections: number;
  readonly inFlight: number;
  readonly stuck: number;
  readonly messages: number;
}

export type Load =
  EchoLoad | LargeMessageLoad | HandshakeLoad | IdleLoad | SlowReaderLoad | BroadcastLoad | StuckReadersLoad;
