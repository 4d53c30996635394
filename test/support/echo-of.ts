import { once } from 'node:events';
import { WebSocket } from 'ws';

/**
 * The echo of one message at `/ws`.
 *
 * @param ca the certificate to trust, for https
 */
export async function echoOf(message: string, url: string, ca?: string): Promise<string> {
  const webSocket = new WebSocket(`${url.replace('http', 'ws')}/ws`, { ca });
  await once(webSocket, 'open');
  const answer = once(webSocket, 'message');
  webSocket.send(message);
  const [data] = await answer;
  webSocket.close();
  await once(webSocket, 'close');
  return String(data);
}
