import { BadRequestException, Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { WebSockets, type WebSocketManager } from '../websockets/index.js';
import { BackgroundSocketProcessor } from './background-socket-processor.js';
import { MemberNamePipe, RoomPipe } from './chat-names.js';

/** The chat at `/background` and `/background/:room`: accepts, and hands the socket to the processor. */
@Controller('background')
export class BackgroundController {
  constructor(@Inject(BackgroundSocketProcessor) private readonly processor: BackgroundSocketProcessor) {}

  @Get(['', ':room'])
  async join(
    @WebSockets() webSockets: WebSocketManager,
    @Param('room', RoomPipe) room: string,
    @Query('name', MemberNamePipe) name: string | undefined,
  ): Promise<void> {
    if (!webSockets.isWebSocketRequest) {
      throw new BadRequestException(
        'Expected a WebSocket handshake: the chat is for WebSocket clients. What you send is said in the room of the path.',
      );
    }
    // When this method returns the socket is closed, so it waits for as long as the processor has the socket.
    await this.processor.addSocket(webSockets.accept(), { room, name });
  }
}
