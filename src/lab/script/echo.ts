import { setImmediate } from 'node:timers/promises';
import { encodeFrame, type ReceivedFrame } from '../peer/frame.js';
import type { LabPeer } from '../peer/lab-peer.js';
import type { LabSessions } from './lab-sessions.js';
import { LateWrites } from './late-writes.js';
import type { LabScript } from './parameters.js';

/** A message of the client, in its frames. */
export type Message = readonly ReceivedFrame[];

/** Sends messages back as the script says: late, never, twice, in another order, to a channel. */
export class Echo {
  private readonly late: LateWrites;
  private messages = 0;
  private postponed: Message | undefined;

  /**
   * @param isClosing whether a close frame was sent, after which nothing is sent back
   * @param partial whether the last frame of an echo is not final
   */
  constructor(
    private readonly peer: LabPeer,
    private readonly script: LabScript,
    private readonly sessions: LabSessions,
    private readonly isClosing: () => boolean,
    private readonly partial = false,
  ) {
    this.late = new LateWrites(peer);
  }

  /** Resolves when the transport has taken the echo, so that a client that does not read is not read. */
  async send(message: Message): Promise<void> {
    this.messages += 1;
    const { channel, echo = true } = this.script;
    if (this.isClosing() || !echo) {
      return;
    }
    if (channel !== undefined) {
      this.sessions.broadcast(channel, message.map(unmasked));
      await setImmediate(); // one message for each turn of the event loop: a channel may have many connections
      return;
    }
    for (const one of this.choose(message)) {
      await this.sendBack(one);
    }
  }

  /** Resolves when the late echoes are sent. */
  finish(): Promise<void> {
    return this.late.finish();
  }

  /** Drops, doubles and reorders. */
  private choose(message: Message): Message[] {
    const { 'drop-every': drop, 'double-every': double, 'reorder-every': reorder } = this.script;
    const isEvery = (n: number | undefined): boolean => n !== undefined && this.messages % n === 0;
    if (isEvery(drop)) {
      return [];
    }
    const copies = isEvery(double) ? [message, message] : [message];
    if (isEvery(reorder) && this.postponed === undefined) {
      this.postponed = message;
      return [];
    }
    const late = this.postponed === undefined ? [] : [this.postponed];
    this.postponed = undefined;
    return [...copies, ...late];
  }

  private async sendBack(message: Message): Promise<void> {
    const { 'echo-delay': delay, 'write-rate': rate } = this.script;
    const frames = message.map(unmasked);
    const last = message.at(-1);
    if (this.partial && last !== undefined) {
      frames.splice(-1, 1, unmasked({ ...last, fin: false }));
    }
    if (delay === undefined) {
      await this.peer.writer.write(frames, rate);
      return;
    }
    const size = frames.reduce((sum, { length }) => sum + length, 0);
    await this.late.add(delay, size, async () => {
      if (!this.isClosing()) {
        await this.peer.writer.write(frames, rate);
      }
    });
  }
}

function unmasked(frame: ReceivedFrame): Buffer {
  return encodeFrame({ ...frame, mask: undefined });
}
