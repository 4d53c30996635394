import { WebSocketGateway } from '@nestjs/websockets';
import { EchoGateway } from './echo.gateway.js';

/** The WebSockets at `/`; whoever asks for no WebSocket gets the page there. */
@WebSocketGateway({ path: '/' })
export class RootEchoGateway extends EchoGateway {}
