import { All, Controller } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { WebSockets, type WebSocketManager } from 'nest-raw-websockets';

/** Answers the requests at `/rpc` that are not a WebSocket handshake. The gateway takes the handshakes. */
@ApiTags('WebSockets')
@Controller('rpc')
export class RpcController {
  @All()
  @ApiOperation({
    summary: 'Calls in both directions',
    description:
      'Messages are JSON, `{"event": …, "data": …}`. The client calls `add`, `reverse` and `time`. After the call ' +
      '`ask-client`, the server sends it a `question`, and the client sends the `answer`.',
  })
  @ApiResponse({ status: 101, description: 'The WebSocket is open.' })
  @ApiResponse({ status: 400, description: 'The request is not a WebSocket handshake.' })
  refuse(@WebSockets() webSockets: WebSocketManager): void {
    webSockets.accept();
  }
}
