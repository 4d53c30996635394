import { WebSocket } from 'ws';
import { Queue } from '../queue.js';
import type { Latencies } from '../latencies.js';
import type { Payloads } from '../payloads.js';

/** How many bytes may wait in the socket. Further messages wait in the queue, and their lateness is recorded. */
const HIGH_WATER_MARK = 64 * 1024;

/** The counts of all connections of a run. */
export interface Counts {
  due: number;
  sent: number;
  echoed: number;
  differed: number;
}

/** The options of a connection. */
export interface BenchConnectionOptions {
  readonly payloads: Payloads;
  readonly binary: boolean;
  readonly verify: boolean;
  /** The time from when a message was due until its echo. */
  readonly latencies: Latencies;
  /** The time from when a message was due until it was sent. */
  readonly lateness: Latencies;
  readonly counts: Counts;
  /** Called after each echo. */
  readonly onEcho: (connection: BenchConnection) => void;
}

interface InFlight {
  readonly dueAt: number;
  readonly data: Buffer;
}

/** One of the connections of a run. */
export class BenchConnection {
  private readonly due = new Queue<number>();
  private readonly inFlight = new Queue<InFlight>();
  private sequence = 0;

  constructor(
    private readonly webSocket: WebSocket,
    private readonly options: BenchConnectionOptions,
  ) {
    webSocket.on('message', (data, binary) => this.receive(data as Buffer, binary));
    webSocket.resume();
  }

  /** Sends a message, now or when the socket accepts it. Its latency counts from when it was due. */
  send(dueAt: number): void {
    this.options.counts.due++;
    this.due.push(dueAt);
    if (this.due.length === 1) {
      this.flush();
    }
  }

  private flush(): void {
    const { webSocket, due } = this;
    while (webSocket.readyState === WebSocket.OPEN && webSocket.bufferedAmount < HIGH_WATER_MARK) {
      const dueAt = due.shift();
      if (dueAt === undefined) {
        return;
      }
      const data = this.options.payloads.at(this.sequence++);
      this.inFlight.push({ dueAt, data });
      this.options.counts.sent++;
      this.options.lateness.record(performance.now() - dueAt);
      webSocket.send(data, { binary: this.options.binary }, () => this.flush());
    }
  }

  private receive(data: Buffer, binary: boolean): void {
    const { counts, latencies, verify, onEcho } = this.options;
    const answered = this.inFlight.shift();
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
