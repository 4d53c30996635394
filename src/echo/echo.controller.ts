import { All, Controller } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { WebSockets, type WebSocketManager } from 'nest-raw-websockets';

/** Answers the requests at `/ws` that are not a WebSocket handshake. The gateway takes the handshakes. */
@ApiTags('WebSockets')
@Controller('ws')
export class EchoController {
  @All()
  @ApiOperation({
    summary: 'Echo',
    description: 'Each message comes back, fragment by fragment, as it arrives. It may have any size.',
  })
  @ApiResponse({ status: 101, description: 'The WebSocket is open.' })
  @ApiResponse({ status: 400, description: 'The request is not a WebSocket handshake.' })
  refuse(@WebSockets() webSockets: WebSocketManager): void {
    webSockets.accept();
  }
}
