import { MessageBody, SubscribeMessage, WebSocketGateway, type WsResponse } from '@nestjs/websockets';
import { serveNest } from './serve-nest.js';

@WebSocketGateway({ perMessageDeflate: !!process.env.COMPRESSION })
class EventsGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() data: string): WsResponse<string> {
    return { event: 'echo', data };
  }
}

await serveNest(EventsGateway);
