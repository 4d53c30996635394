import { WebSocketGateway } from '@nestjs/websockets';
import type { RawWebSocketGateway, WebSocketConnection } from 'nest-raw-websockets';

/** Sends each fragment back as it arrives, and closes with the status and the reason of the peer. */
export async function echo(webSocket: WebSocketConnection): Promise<void> {
  const peer = await webSocket.receive((fragment) => webSocket.send(fragment));
  await webSocket.close(peer.status, peer.description);
}

/** The WebSockets at `/ws`. */
@WebSocketGateway({ path: '/ws' })
export class EchoGateway implements RawWebSocketGateway {
  handleWebSocket(webSocket: WebSocketConnection): Promise<void> {
    return echo(webSocket);
  }
}

/** The WebSockets at `/`. A request there that is not a handshake gets the page. */
@WebSocketGateway({ path: '/' })
export class RootEchoGateway extends EchoGateway {}
