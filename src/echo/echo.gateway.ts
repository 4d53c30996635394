import { WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets';
import type { WebSocketConnection } from 'nest-raw-websockets';
import { echo } from './echo.js';

/** The WebSockets at `/ws`. */
@WebSocketGateway({ path: '/ws' })
export class EchoGateway implements OnGatewayConnection<WebSocketConnection> {
  handleConnection(webSocket: WebSocketConnection): Promise<void> {
    return echo(webSocket);
  }
}
