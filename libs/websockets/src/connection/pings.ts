import { MAX_CONTROL_PAYLOAD_BYTES } from '../protocol/frame-header.js';
import { WebSocketError } from './web-socket-error.js';

interface UnansweredPing {
  readonly payload: Buffer;
  readonly sentAt: number;
  readonly resolve: (roundTripTime: number) => void;
  readonly reject: (error: WebSocketError) => void;
}

/** The pings of the application that are not answered yet. */
export class Pings {
  private unanswered: UnansweredPing[] = [];
  private count = 0;

  /** @param sendPing sends a ping with this payload; false when the connection is closing */
  constructor(private readonly sendPing: (payload: Buffer) => boolean) {}

  /** Sends a ping, and resolves with its round-trip time as `WebSocketConnection.ping` does. */
  send(data: string | Uint8Array | undefined): Promise<number> {
    const answered = new Promise<number>((resolve, reject) => {
      const payload = payloadOf(data ?? `ping ${++this.count}`);
      if (!this.sendPing(payload)) {
        throw notOpen();
      }
      this.unanswered.push({ payload, sentAt: performance.now(), resolve, reject });
    });
    answered.catch(() => {}); // a caller may ignore the answer, and so the lack of one
    return answered;
  }

  /** Settles the ping that a pong answers, and those before it. @returns its round-trip time in ms, if it answers one */
  onPong(payload: Buffer): number | undefined {
    const index = this.unanswered.findIndex((ping) => ping.payload.equals(payload));
    if (index < 0) {
      return undefined;
    }
    const now = performance.now();
    const answered = this.unanswered.splice(0, index + 1);
    answered.forEach(({ sentAt, resolve }) => resolve(now - sentAt));
    return now - answered[index].sentAt;
  }

  /**
   * Settles the pings up to a moment: the peer answered a later ping, one of keep-alive, and need not answer each
   * (RFC 6455 section 5.5.3).
   *
   * @param moment in ms, as `performance.now()`
   */
  answeredUntil(moment: number): void {
    const now = performance.now();
    while (this.unanswered.length > 0 && this.unanswered[0].sentAt <= moment) {
      const { sentAt, resolve } = this.unanswered.shift() as UnansweredPing;
      resolve(now - sentAt);
    }
  }

  /** No answer can come any more. */
  end(error?: WebSocketError): void {
    const { unanswered } = this;
    if (unanswered.length > 0) {
      this.unanswered = [];
      const failure = error ?? notOpen();
      unanswered.forEach(({ reject }) => reject(failure));
    }
  }
}

function notOpen(): WebSocketError {
  return new WebSocketError('WS_NOT_OPEN', 'A ping cannot be answered: the connection is closing or closed.');
}

function payloadOf(data: string | Uint8Array): Buffer {
  const payload = Buffer.from(data as string); // a copy, which is compared with the answer
  if (payload.length > MAX_CONTROL_PAYLOAD_BYTES) {
    const message = `ping() was given ${payload.length} bytes; at most ${MAX_CONTROL_PAYLOAD_BYTES} fit.`;
    throw new WebSocketError('WS_INVALID_DATA', message);
  }
  return payload;
}
