import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  type WsResponse,
} from '@nestjs/websockets';
import type { IncomingMessage } from 'node:http';
import { WebSocket, type Server } from 'ws';

@WebSocketGateway({ path: '/chat', maxPayload: 64 * 1024 })
export class ChatGateway implements OnGatewayConnection<WebSocket>, OnGatewayDisconnect<WebSocket> {
  @WebSocketServer() private readonly server!: Server;
  private readonly names = new Map<WebSocket, string | null>();

  handleConnection(client: WebSocket, request: IncomingMessage): void {
    this.names.set(client, new URL(request.url ?? '/', 'ws://localhost').searchParams.get('name'));
  }

  handleDisconnect(client: WebSocket): void {
    this.names.delete(client);
  }

  @SubscribeMessage('say')
  say(@ConnectedSocket() client: WebSocket, @MessageBody() text: string): void {
    const message = JSON.stringify({ event: 'said', data: { name: this.names.get(client), text } });
    for (const member of this.server.clients) {
      if (member.readyState === WebSocket.OPEN) {
        member.send(message);
      }
    }
  }

  @SubscribeMessage('count')
  count(): WsResponse<number> {
    return { event: 'count', data: this.server.clients.size };
  }
}
