import { WebSocketGateway } from '@nestjs/websockets';
import type { RawWebSocketGateway, WebSocketConnection, WebSocketGatewayOptions } from 'nest-raw-websockets';
import { createHash } from 'node:crypto';

/** Answers each message with its SHA-256. A message of a gigabyte takes no more memory than one of a kilobyte. */
@WebSocketGateway<WebSocketGatewayOptions>({ path: '/digest', receiveTimeout: 60_000 })
export class DigestGateway implements RawWebSocketGateway {
  async handleWebSocket(webSocket: WebSocketConnection): Promise<void> {
    let hash = createHash('sha256');
    await webSocket.receive(async ({ data, endOfMessage }) => {
      hash.update(data);
      if (endOfMessage) {
        await webSocket.send(hash.digest('hex'));
        hash = createHash('sha256');
      }
    });
  }
}
