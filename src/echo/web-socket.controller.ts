import { BadRequestException, Controller, Get } from '@nestjs/common';

/** Answers requests at `/ws` that are no WebSocket handshake. */
@Controller('ws')
export class WebSocketController {
  @Get()
  get(): never {
    throw new BadRequestException(
      'Expected a WebSocket handshake: a GET request with Connection: Upgrade, Upgrade: websocket, ' +
        'Sec-WebSocket-Version: 13 and a Sec-WebSocket-Key. Connect with a WebSocket client; if one sent this request, ' +
        'a proxy on the way may have removed its Upgrade header.',
    );
  }
}
