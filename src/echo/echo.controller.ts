import { All, Controller } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { WebSockets, type WebSocketManager } from 'nest-raw-websockets';

/** Answers requests at `/ws` that are not a WebSocket handshake: those are the gateway's. */
@ApiTags('WebSockets')
@Controller('ws')
export class WebSocketController {
  @All()
  @ApiOperation({
    summary: 'Echo',
    description: 'What is sent comes back, fragment by fragment, as it arrives. A message may be of any size.',
  })
  @ApiResponse({ status: 101, description: 'The WebSocket is open.' })
  @ApiResponse({ status: 400, description: 'The request is not a WebSocket handshake.' })
  refuse(@WebSockets() webSockets: WebSocketManager): void {
    webSockets.accept();
  }
}
