import { setTimeout as delay } from 'node:timers/promises';
import type { Connect, Connection } from './connection.js';
import { EchoClient } from './echo-client.js';
import type { MessageRing } from './message-ring.js';

/** What was wrong in a run. */
export interface Outcome {
  /** Connections that ended, or brought other bytes than they had to. */
  readonly failures: number;
  readonly firstFailure?: string;
}

/** Fewer than what servers let wait for `accept`. */
const OPENED_AT_ONCE = 64;
/** How long the last echoes of a run may take, in ms. */
const ECHO_TIMEOUT = 30_000;
/** Two clients begin that far apart in their ring of messages. A prime, so that all of its messages are begun with. */
const STRIDE = 7919;

/** @throws what made one of them fail */
export async function openClients<Kind extends Connection>(
  connect: Connect<Kind>,
  ring: MessageRing,
  count: number,
): Promise<EchoClient<Kind>[]> {
  return openAll(count, (index) => new EchoClient(connect, ring, index * STRIDE));
}

/** What can be opened, and can fail. */
interface Openable {
  readonly failure: Error | undefined;
  opened(): Promise<void>;
}

/** @throws what made one of them fail */
export async function openAll<Client extends Openable>(
  count: number,
  create: (index: number) => Client,
): Promise<Client[]> {
  const clients: Client[] = [];
  while (clients.length < count) {
    const first = clients.length;
    const length = Math.min(OPENED_AT_ONCE, count - first);
    const batch = Array.from({ length }, (_, index) => create(first + index));
    await Promise.all(batch.map((client) => client.opened()));
    clients.push(...batch);
    const failed = batch.find(({ failure }) => failure);
    if (failed?.failure) {
      throw failed.failure;
    }
  }
  return clients;
}

/** Waits for the echoes that are under way, closes all connections, and says what was wrong. */
export async function closeClients(clients: readonly EchoClient[]): Promise<Outcome> {
  await allEchoed(clients);
  await Promise.all(clients.filter(isComplete).map((client) => client.close()));
  const faults = clients.flatMap((client) => {
    client.connection.destroy();
    return client.failure?.message ?? (isComplete(client) ? [] : 'An echo never came.');
  });
  return { failures: faults.length, firstFailure: faults.at(0) };
}

/** Waits until no client waits for an echo any more, or for too long. */
export async function allEchoed(clients: readonly EchoClient[]): Promise<void> {
  await Promise.race([
    Promise.all(clients.map((client) => client.allEchoed())),
    delay(ECHO_TIMEOUT, undefined, { ref: false }),
  ]);
}

function isComplete({ sent, echoed }: EchoClient): boolean {
  return sent === echoed;
}
