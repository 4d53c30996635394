import { BadRequestException, Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';

/** Answers requests at `/ws` that are no WebSocket handshake. */
@ApiTags('WebSockets')
@Controller('ws')
export class WebSocketController {
  @Get()
  @ApiOperation({
    summary: 'Echo',
    description: 'What is sent comes back, fragment by fragment, as it arrives. A message may be of any size.',
  })
  @ApiResponse({ status: 101, description: 'The WebSocket is open.' })
  @ApiResponse({ status: 400, description: 'The request is no WebSocket handshake.' })
  get(): never {
    throw new BadRequestException(
      'Expected a WebSocket handshake: a GET request with Connection: Upgrade, Upgrade: websocket, ' +
        'Sec-WebSocket-Version: 13 and a Sec-WebSocket-Key of 16 bytes in Base64. ' +
        'Connect with a WebSocket client; if one sent this request, a proxy on the way may have removed its Upgrade header.',
    );
  }
}
