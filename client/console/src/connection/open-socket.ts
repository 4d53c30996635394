import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { hostOf, isUnix, portOf, socketPathOf } from './address.js';

/** Opens a connection to the host and the port of an address, or to its Unix socket. */
export function openSocket(url: URL, signal: AbortSignal): Promise<Socket> {
  const place = isUnix(url) ? { path: socketPathOf(url) } : { host: hostOf(url), port: portOf(url) };
  return opened(connect({ ...place, noDelay: true }), 'connect', signal);
}

/** Waits for the event that reports an open socket. A socket that fails is destroyed, also when the signal aborts it. */
export async function opened<S extends Socket>(socket: S, event: string, signal: AbortSignal): Promise<S> {
  try {
    await once(socket, event, { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
