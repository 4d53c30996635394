import { WebSocket } from 'ws';
import { Fifo } from '../queue.js';
import type { Latencies } from '../latencies.js';
import type { Payloads } from '../payloads.js';

/** How many bytes may wait to be sent; messages that are due wait beside them, and are as late. */
const HIGH_WATER_MARK = 64 * 1024;

/** What all connections of a run count together. */
export interface Counts {
  due: number;
  sent: number;
  echoed: number;
  differed: number;
}

/** What a connection needs to know. */
export interface BenchConnectionOptions {
  readonly payloads: Payloads;
  readonly binary: boolean;
  readonly verify: boolean;
  /** From when a message was due until its echo came. */
  readonly latencies: Latencies;
  /** How much later than it was due a message was sent. */
  readonly lateness: Latencies;
  readonly counts: Counts;
  /** Is called after every echo. */
  readonly onEcho: (connection: BenchConnection) => void;
}

interface OnTheWay {
  readonly dueAt: number;
  readonly data: Buffer;
}

/** One of the connections that messages are sent on. */
export class BenchConnection {
  private readonly due = new Fifo<number>();
  private readonly onTheWay = new Fifo<OnTheWay>();
  private sequence = 0;

  constructor(
    private readonly webSocket: WebSocket,
    private readonly options: BenchConnectionOptions,
  ) {
    webSocket.on('message', (data, binary) => this.receive(data as Buffer, binary));
    webSocket.resume();
  }

  /** Sends a message, now or as soon as the socket takes it. Its latency counts from when it was due. */
  send(dueAt: number): void {
    this.options.counts.due++;
    this.due.push(dueAt);
    if (this.due.length === 1) this.flush();
  }

  private flush(): void {
    const { webSocket, due } = this;
    while (webSocket.readyState === WebSocket.OPEN && webSocket.bufferedAmount < HIGH_WATER_MARK) {
      const dueAt = due.shift();
      if (dueAt === undefined) return;
      const data = this.options.payloads.at(this.sequence++);
      this.onTheWay.push({ dueAt, data });
      this.options.counts.sent++;
      this.options.lateness.record(performance.now() - dueAt);
      webSocket.send(data, { binary: this.options.binary }, () => this.flush());
    }
  }

  private receive(data: Buffer, binary: boolean): void {
    const { counts, latencies, verify, onEcho } = this.options;
    const answered = this.onTheWay.shift();
    if (answered) {
      latencies.record(performance.now() - answered.dueAt);
      counts.echoed++;
    }
    if (verify && !(answered?.data.equals(data) && binary === this.options.binary)) {
      counts.differed++;
    }
    onEcho(this);
  }
}
