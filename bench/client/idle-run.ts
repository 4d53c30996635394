import type { IdleLoad } from '../loads.js';
import { allEchoed, closeClients, openClients, type Outcome } from './clients.js';
import { connectTo } from './connect-to.js';
import type { Target } from './connection.js';
import type { EchoClient } from './echo-client.js';
import { MessageRing } from './message-ring.js';

/** Connections that do nothing. Each has echoed a message, so that what a server makes at the first one is there. */
export class IdleRun {
  private readonly ring: MessageRing;
  private clients: EchoClient[] = [];

  constructor(
    private readonly load: IdleLoad,
    private readonly target: Target,
  ) {
    this.ring = new MessageRing(load.message, target.takesEvents);
  }

  async start(): Promise<void> {
    this.clients = await openClients(connectTo(this.target), this.ring, this.load.connections);
    this.clients.forEach((client) => client.send(1));
    await allEchoed(this.clients);
  }

  finish(): Promise<Outcome> {
    return closeClients(this.clients);
  }
}
