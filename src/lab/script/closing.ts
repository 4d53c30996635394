import { closePayload, encodeFrame, OPCODE, type ReceivedFrame } from '../peer/frame.js';
import type { LabPeer } from '../peer/lab-peer.js';
import type { LabScript } from './parameters.js';

/** The default of `close-reply-delay`, in ms. */
const LATE = 5000;

/** The close handshake of one connection, as its script says. */
export class Closing {
  private sent = false;
  private received = false;

  constructor(
    private readonly peer: LabPeer,
    private readonly script: LabScript,
    private readonly hasEnhancedReply = false,
  ) {}

  /** Whether a close frame was sent, after which no message may follow (RFC 6455 section 5.5.1). */
  get isSent(): boolean {
    return this.sent;
  }

  /** Sends the close frame of the script, unless one was sent. */
  async send(): Promise<void> {
    const { close = 1000, reason } = this.script;
    await this.sendPayload(closePayload(close === 'empty' ? undefined : close, reason));
  }

  /** Sends a close frame with this code, unless one was sent. */
  async sendCode(code: number, reason: string): Promise<void> {
    await this.sendPayload(closePayload(code, reason));
  }

  /** The client has sent a close frame: answers it, and ends the connection, unless the script says otherwise. */
  async answer({ payload }: ReceivedFrame): Promise<void> {
    const { peer, script } = this;
    const { 'close-reply': reply, 'close-reply-delay': delay = LATE } = script;
    this.received = true;
    if (!this.sent) {
      if (reply === 'never') {
        return;
      }
      if (reply === 'late') {
        await peer.wait(delay);
      }
      this.sent = true;
      const answer = typeof reply === 'number' ? closePayload(reply) : this.replyTo(payload);
      await peer.frame({ opcode: OPCODE.close, payload: answer });
    }
    this.end();
  }

  /** The client has ended its half: ends the other one, unless the script says otherwise. */
  end(): void {
    if (!this.script['keep-open']) {
      this.peer.end();
    }
  }

  private replyTo(payload: Buffer): Buffer {
    if (!this.hasEnhancedReply || payload.length < 2) {
      return payload;
    }
    const code = payload.readUInt16BE();
    return closePayload(code, `Server received: ${code} ${payload.toString('utf8', 2)}`);
  }

  private async sendPayload(payload: Buffer): Promise<void> {
    if (this.sent) {
      return;
    }
    this.sent = true;
    const { 'messages-after-close': more = 0, 'coalesce-close': coalesce, 'write-rate': rate } = this.script;
    const frames = [
      encodeFrame({ opcode: OPCODE.close, payload }),
      ...Array.from({ length: more }, (_, i) => encodeFrame({ opcode: OPCODE.text, payload: `after close ${i + 1}` })),
    ];
    await this.peer.writer.write(coalesce ? [Buffer.concat(frames)] : frames, rate);
    if (this.received) {
      this.end();
    }
  }
}
