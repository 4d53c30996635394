import type { ReceivedFrame } from '../peer/frame.js';
import type { LabPeer } from '../peer/lab-peer.js';

/** How the client ended a connection, as `/lab/closes/:id` tells it. */
export interface ClientClose {
  /**
   * The first of these: a close frame of the client, the end of its half without one, its reset, or the end of the
   * connection by the lab.
   */
  readonly by: 'close-frame' | 'end' | 'reset' | 'lab';
  /** The code of the close frame, if it has one. */
  readonly code?: number;
  readonly reason?: string;
  /** The counts of what the client had sent until then. */
  readonly received: ReceivedCounts;
  /** ISO 8601. */
  readonly at: string;
}

/** How many messages and control frames a client sent. */
export interface ReceivedCounts {
  readonly messages: number;
  readonly pings: number;
  readonly pongs: number;
}

/** How many closes are kept. The oldest is forgotten first. */
const CLOSES_KEPT = 1000;

/** The maximum of bytes of a channel that wait for one of its connections. Messages above that are lost for it. */
const CHANNEL_BACKLOG = 1024 * 1024;

/** The memory of a waiting message besides its payload, in bytes. It limits the number of empty messages. */
const MESSAGE_OVERHEAD = 512;

/** The connections of one lab: their number, their channels, and how their clients closed. */
export class LabSessions {
  private readonly peers = new Set<LabPeer>();
  /** The members of each channel, with the rates at which they are written to, in bytes a second. */
  private readonly channels = new Map<string, Map<LabPeer, number | undefined>>();
  private readonly waiting = new WeakMap<LabPeer, number>();
  private readonly closes = new Map<string, ClientClose>();
  private isEnding = false;

  /** How many connections there are. */
  get size(): number {
    return this.peers.size;
  }

  /**
   * Counts a peer, and adds it to a channel, until its connection ends. Resets it after `end()`.
   *
   * @param rate the rate of what the channel sends to it, in bytes a second; undefined for no limit
   */
  join(peer: LabPeer, channel?: string, rate?: number): void {
    if (this.isEnding) {
      peer.reset();
    }
    this.peers.add(peer);
    const members =
      channel === undefined ? undefined : (this.channels.get(channel) ?? new Map<LabPeer, number | undefined>());
    if (channel !== undefined && members !== undefined) {
      this.channels.set(channel, members.set(peer, rate));
    }
    void peer.ended.then(() => {
      this.peers.delete(peer);
      if (members?.delete(peer) && members.size === 0 && channel !== undefined) {
        this.channels.delete(channel);
      }
    });
  }

  /** Sends frames to every connection of a channel. One that reads too slowly loses them, and delays no other. */
  broadcast(channel: string, frames: readonly Buffer[]): void {
    const size = frames.reduce((sum, { length }) => sum + length, MESSAGE_OVERHEAD);
    for (const [peer, rate] of this.channels.get(channel) ?? []) {
      const waiting = this.waiting.get(peer) ?? 0;
      if (waiting === 0 || waiting + size <= CHANNEL_BACKLOG) {
        this.waiting.set(peer, waiting + size);
        void peer.writer
          .write(frames, rate)
          .catch(() => {}) // the connection has ended
          .then(() => this.waiting.set(peer, (this.waiting.get(peer) ?? size) - size));
      }
    }
  }

  /**
   * Notes how the client of a connection closed.
   *
   * @param payload that of its close frame
   */
  noteClose(id: string, by: ClientClose['by'], received: ReceivedCounts, payload?: ReceivedFrame['payload']): void {
    const hasCode = payload !== undefined && payload.length >= 2;
    this.closes.delete(id);
    this.closes.set(id, {
      by,
      ...(hasCode ? { code: payload.readUInt16BE(), reason: payload.toString('utf8', 2) } : {}),
      received: { ...received },
      at: new Date().toISOString(),
    });
    const [oldest] = this.closes.keys();
    if (this.closes.size > CLOSES_KEPT && oldest !== undefined) {
      this.closes.delete(oldest);
    }
  }

  /** How the client of the last connection with this id closed. */
  closeOf(id: string): ClientClose | undefined {
    return this.closes.get(id);
  }

  /** Resets every connection, also those that join later. */
  end(): void {
    this.isEnding = true;
    this.peers.forEach((peer) => peer.reset());
  }
}
