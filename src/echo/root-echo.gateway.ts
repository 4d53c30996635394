import { WebSocketGateway } from '@nestjs/websockets';
import { EchoGateway } from './echo.gateway.js';

/** The WebSockets at `/`, where ordinary requests get the page. */
@WebSocketGateway({ path: '/' })
export class RootEchoGateway extends EchoGateway {}
