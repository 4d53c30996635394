import type { EchoLoad } from '../loads.js';
import { usage, type Usage } from '../usage.js';
import { closeClients, openClients, type Outcome } from './clients.js';
import { connectTo } from './connect-to.js';
import type { Target } from './connection.js';
import type { EchoClient } from './echo-client.js';
import { Latencies, type LatencySummary } from './latencies.js';
import { MessageRing } from './message-ring.js';
import { SendTimes } from './send-times.js';

/** How far a run is. */
export interface Progress extends Usage {
  /** Messages that have come back right, or handshakes that were answered. */
  readonly messages: number;
  /** How long those took that came back since the last time this was asked. */
  readonly latency: LatencySummary;
}

/** Every connection sends a message for each that comes back. */
export class EchoRun {
  private readonly ring: MessageRing;
  private clients: EchoClient[] = [];
  private messages = 0;
  private isSending = true;
  private latencies = new Latencies();

  constructor(
    private readonly load: EchoLoad,
    private readonly target: Target,
  ) {
    this.ring = new MessageRing(load.message, target.takesEvents);
  }

  /** @returns false when the server does not compress, and the load wants that */
  async start(): Promise<boolean> {
    const { connections, inFlight, message } = this.load;
    this.clients = await openClients(connectTo(this.target), this.ring, connections);
    if (message.isCompressed && !this.clients.every(({ isCompressed }) => isCompressed)) {
      return false;
    }
    for (const client of this.clients) {
      const times = new SendTimes(inFlight);
      client.onEchoes = (messages) => {
        const now = performance.now();
        this.messages += messages;
        times.take(messages, now, this.latencies);
        if (this.isSending) {
          times.add(messages, now);
          client.send(messages);
        }
      };
      times.add(inFlight, performance.now());
      client.send(inFlight);
    }
    return true;
  }

  progress(): Progress {
    const latency = this.latencies.summary();
    this.latencies = new Latencies();
    return { ...usage(), messages: this.messages, latency };
  }

  finish(): Promise<Outcome> {
    this.isSending = false;
    return closeClients(this.clients);
  }
}
