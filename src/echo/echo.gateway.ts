import { WebSocketGateway } from '@nestjs/websockets';
import type { RawWebSocketGateway, WebSocketConnection } from 'nest-raw-websockets';
import { echo } from './echo.js';

/** The WebSockets at `/ws`. */
@WebSocketGateway({ path: '/ws' })
export class EchoGateway implements RawWebSocketGateway {
  handleWebSocket(webSocket: WebSocketConnection): Promise<void> {
    return echo(webSocket);
  }
}
