import { WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets';
import type { WebSocket } from 'ws';
import { serveNest } from './serve-nest.js';

@WebSocketGateway({ perMessageDeflate: !!process.env.COMPRESSION })
class RawGateway implements OnGatewayConnection<WebSocket> {
  handleConnection(client: WebSocket): void {
    client.on('message', (data, isBinary) => client.send(data, { binary: isBinary }));
  }
}

await serveNest(RawGateway);
