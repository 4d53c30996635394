import { All, Controller } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { WebSockets, type WebSocketManager } from 'nest-raw-websockets';

/** Answers requests at `/rpc` that are not a WebSocket handshake: those are the gateway's. */
@ApiTags('WebSockets')
@Controller('rpc')
export class RpcController {
  @All()
  @ApiOperation({
    summary: 'Calls in both directions',
    description:
      'Messages are JSON, `{"event": …, "data": …}`. The client calls `add`, `reverse` and `time`; with `ask-client` it ' +
      'has the server ask it a `question`, to which it sends the `answer`.',
  })
  @ApiResponse({ status: 101, description: 'The WebSocket is open.' })
  @ApiResponse({ status: 400, description: 'The request is not a WebSocket handshake.' })
  refuse(@WebSockets() webSockets: WebSocketManager): void {
    webSockets.accept();
  }
}
