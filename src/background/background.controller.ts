import { applyDecorators, Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { WebSockets, type WebSocketManager } from 'nest-raw-websockets';
import { BackgroundSocketProcessor, LOBBY } from './background-socket-processor.js';
import { MAX_NAME_LENGTH, MemberNamePipe, ROOM, RoomPipe } from './chat-names.js';

/** What the documentation says of a handshake for the chat. */
const ApiChat = (summary: string): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary,
      description:
        'Each text message is said in the room. What happens there comes as JSON in text messages: `welcome` first, ' +
        'then `joined`, `left` and `message`.',
    }),
    ApiQuery({
      name: 'name',
      required: false,
      description: 'The name that you go by; without one it is your id.',
      schema: { type: 'string', maxLength: MAX_NAME_LENGTH },
    }),
    ApiResponse({ status: 101, description: 'The WebSocket is open.' }),
    ApiResponse({
      status: 400,
      description: 'The request is not a WebSocket handshake, or a room or a member may not be called so.',
    }),
  );

/** The chat at `/background` and `/background/:room`: accepts, and hands the socket to the processor. */
@Controller('background')
@ApiTags('WebSockets')
export class BackgroundController {
  constructor(@Inject(BackgroundSocketProcessor) private readonly processor: BackgroundSocketProcessor) {}

  @Get()
  @ApiChat(`Chat in the room ${LOBBY}: what one says, all hear`)
  joinLobby(
    @WebSockets() webSockets: WebSocketManager,
    @Query('name', MemberNamePipe) name: string | undefined,
  ): Promise<void> {
    return this.join(webSockets, LOBBY, name);
  }

  @Get(':room')
  @ApiChat('Chat in a room: what one says, all in it hear')
  @ApiParam({ name: 'room', schema: { type: 'string', pattern: ROOM.source } })
  async join(
    @WebSockets() webSockets: WebSocketManager,
    @Param('room', RoomPipe) room: string,
    @Query('name', MemberNamePipe) name: string | undefined,
  ): Promise<void> {
    // When this method returns the socket is closed, so it waits for as long as the processor has the socket.
    await this.processor.addSocket(webSockets.accept(), { room, name });
  }
}
