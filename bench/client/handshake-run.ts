import type { HandshakeLoad } from '../loads.js';
import { usage } from '../usage.js';
import type { Outcome } from './clients.js';
import { connectTo } from './connect-to.js';
import type { Connect, Target } from './connection.js';
import type { Progress } from './echo-run.js';
import { EchoClient } from './echo-client.js';
import { Latencies } from './latencies.js';
import { MessageRing } from './message-ring.js';

/** Connects, shakes hands, closes, and starts again. */
export class HandshakeRun {
  private readonly connect: Connect;
  private readonly ring: MessageRing;
  private handshakes = 0;
  private isConnecting = true;
  private latencies = new Latencies();
  private readonly faults: string[] = [];
  private loops: Promise<void>[] = [];

  constructor(
    private readonly load: HandshakeLoad,
    target: Target,
  ) {
    this.connect = connectTo(target);
    this.ring = new MessageRing(load.message, target.takesEvents);
  }

  start(): void {
    this.loops = Array.from({ length: this.load.connections }, () => this.connectAndClose());
  }

  progress(): Progress {
    const latency = this.latencies.summary();
    this.latencies = new Latencies();
    return { ...usage(), messages: this.handshakes, latency };
  }

  async finish(): Promise<Outcome> {
    this.isConnecting = false;
    await Promise.all(this.loops);
    return { failures: this.faults.length, firstFailure: this.faults.at(0) };
  }

  private async connectAndClose(): Promise<void> {
    while (this.isConnecting && this.faults.length === 0) {
      const start = performance.now();
      const client = new EchoClient(this.connect, this.ring, 0);
      await client.opened();
      this.latencies.add(performance.now() - start, 1);
      this.handshakes++;
      await client.close();
      if (client.failure) {
        this.faults.push(client.failure.message);
      }
    }
  }
}
