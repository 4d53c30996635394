import { setTimeout as delay } from 'node:timers/promises';
import type { SlowReaderLoad } from '../loads.js';
import { allEchoed, closeClients, openClients, type Outcome } from './clients.js';
import { connectOverHttp1 } from './connect-to.js';
import type { Target } from './connection.js';
import type { EchoClient } from './echo-client.js';
import type { Http1Connection } from './http1-connection.js';
import { MessageRing } from './message-ring.js';

/** So much waits to be written that the kernel always has work. */
const KEEP_WAITING = 4 * 1024 * 1024;
/** A server that has taken nothing for so long has stopped reading, in ms. */
const STALL = 1500;

/** What a server did with a client that does not read. */
export interface Filled {
  /** Bytes that the server took, those in the buffers of the kernel included. */
  readonly accepted: number;
  /** Whether it stopped taking more. */
  readonly hasStalled: boolean;
}

/** Sends and does not read, then reads and verifies all. */
export class SlowReaderRun {
  private readonly ring: MessageRing;
  private clients: EchoClient<Http1Connection>[] = [];

  constructor(
    private readonly load: SlowReaderLoad,
    private readonly target: Target,
  ) {
    this.ring = new MessageRing(load.message, target.takesEvents);
  }

  async start(): Promise<void> {
    this.clients = await openClients(connectOverHttp1(this.target), this.ring, 1);
    this.clients.forEach(({ connection }) => connection.pause());
  }

  async fill(): Promise<Filled> {
    const [client] = this.clients;
    const { connection } = client;
    let accepted = connection.bytesTaken;
    for (let since = performance.now(); performance.now() - since < STALL; await delay(5)) {
      this.sendMore(client);
      if (connection.bytesTaken > accepted) {
        accepted = connection.bytesTaken;
        since = performance.now();
      }
      if (client.sent === this.load.messages && connection.bytesWaiting === 0) {
        return { accepted, hasStalled: false };
      }
    }
    return { accepted, hasStalled: true };
  }

  /** Reads and verifies what has come, and all that is still to be sent. */
  async drain(): Promise<void> {
    const [client] = this.clients;
    client.connection.resume();
    while (!client.failure && client.sent < this.load.messages) {
      this.sendMore(client);
      await delay(5);
    }
    await allEchoed(this.clients);
  }

  finish(): Promise<Outcome> {
    return closeClients(this.clients);
  }

  private sendMore(client: EchoClient<Http1Connection>): void {
    while (client.sent < this.load.messages && client.connection.bytesWaiting < KEEP_WAITING) {
      client.send(1);
    }
  }
}
