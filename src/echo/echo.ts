import type { WebSocketConnection } from 'nest-raw-websockets';

/** Sends back every fragment as it arrives, and closes as the peer closes. */
export async function echo(webSocket: WebSocketConnection): Promise<void> {
  const peer = await webSocket.receive((fragment) => webSocket.send(fragment));
  await webSocket.close(peer.status, peer.description);
}
