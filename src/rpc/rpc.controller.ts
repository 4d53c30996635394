import { BadRequestException, Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';

/** Answers requests at `/rpc` that are no WebSocket handshake. */
@ApiTags('WebSockets')
@Controller('rpc')
export class RpcController {
  @Get()
  @ApiOperation({
    summary: 'Calls in both directions',
    description:
      'Messages are JSON, `{"event": …, "data": …}`. The client calls `add`, `reverse` and `time`; with `ask-client` it ' +
      'has the server ask it a `question`, to which it sends the `answer`.',
  })
  @ApiResponse({ status: 101, description: 'The WebSocket is open.' })
  @ApiResponse({ status: 400, description: 'The request is no WebSocket handshake.' })
  get(): never {
    throw new BadRequestException(
      'Expected a WebSocket handshake: a GET request with Connection: Upgrade, Upgrade: websocket, ' +
        'Sec-WebSocket-Version: 13 and a Sec-WebSocket-Key of 16 bytes in Base64. ' +
        'Connect with a WebSocket client and send a call, such as {"event":"add","data":{"numbers":[1,2]}}.',
    );
  }
}
