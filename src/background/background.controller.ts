import { applyDecorators, Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { WebSockets, type WebSocketManager } from 'nest-raw-websockets';
import { BackgroundSocketProcessor, LOBBY } from './background-socket-processor.js';
import { MAX_NAME_LENGTH, MemberNamePipe, ROOM, RoomPipe } from './chat-names.js';

/** Documents a handshake for the chat. */
const ApiChat = (summary: string): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary,
      description:
        'Each text message goes to all members of the room. The server sends events as JSON in text messages: first ' +
        '`welcome`, then `joined`, `left` and `message`.',
    }),
    ApiQuery({
      name: 'name',
      required: false,
      description: 'The name of the member. Default: its id.',
      schema: { type: 'string', maxLength: MAX_NAME_LENGTH },
    }),
    ApiResponse({ status: 101, description: 'The WebSocket is open.' }),
    ApiResponse({
      status: 400,
      description: 'The request is not a WebSocket handshake, or the name of the room or of the member is not allowed.',
    }),
  );

/** The chat at `/background` and `/background/:room`. Accepts the socket and passes it to the processor. */
@Controller('background')
@ApiTags('WebSockets')
export class BackgroundController {
  constructor(@Inject(BackgroundSocketProcessor) private readonly processor: BackgroundSocketProcessor) {}

  @Get()
  @ApiChat(`Chat in the room ${LOBBY}: each message goes to all members`)
  joinLobby(
    @WebSockets() webSockets: WebSocketManager,
    @Query('name', MemberNamePipe) name: string | undefined,
  ): Promise<void> {
    return this.join(webSockets, LOBBY, name);
  }

  @Get(':room')
  @ApiChat('Chat in a room: each message goes to all members')
  @ApiParam({ name: 'room', schema: { type: 'string', pattern: ROOM.source } })
  async join(
    @WebSockets() webSockets: WebSocketManager,
    @Param('room', RoomPipe) room: string,
    @Query('name', MemberNamePipe) name: string | undefined,
  ): Promise<void> {
    // The socket is closed when this method returns, so it waits until the processor has finished with the socket.
    await this.processor.addSocket(webSockets.accept(), { room, name });
  }
}
