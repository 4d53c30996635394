import type { LargeMessageLoad } from '../loads.js';
import { usage, type Usage } from '../usage.js';
import { closeClients, openClients, type Outcome } from './clients.js';
import { connectTo } from './connect-to.js';
import type { Target } from './connection.js';
import { MessageRing } from './message-ring.js';
import type { EchoClient } from './echo-client.js';

/** One message at a time, when it is asked for. */
export class LargeMessageRun {
  private readonly ring: MessageRing;
  private clients: EchoClient[] = [];

  constructor(
    load: LargeMessageLoad,
    private readonly target: Target,
  ) {
    this.ring = new MessageRing(load.message, target.takesEvents);
  }

  async start(): Promise<void> {
    this.clients = await openClients(connectTo(this.target), this.ring, 1);
  }

  /** @returns how long the message took, in ms; where it does not come back, `finish` says why */
  async echo(): Promise<number> {
    const [client] = this.clients;
    const start = performance.now();
    client.send(1);
    await client.allEchoed();
    return performance.now() - start;
  }

  usage(): Usage {
    return usage();
  }

  finish(): Promise<Outcome> {
    return closeClients(this.clients);
  }
}
