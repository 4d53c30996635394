import { Controller, Get, Param, ParseIntPipe, UseGuards } from '@nestjs/common';
import { PreparedMessage, WebSockets, type WebSocketConnection, type WebSocketManager } from 'nest-raw-websockets';
import { TokenGuard } from './token.guard.js';

/** A chat: what one says in a room, all in it hear. `ws://localhost:5000/rooms/7?token=…` */
@Controller('rooms')
export class ChatRoomController {
  private readonly rooms = new Map<number, Set<WebSocketConnection>>();

  // The guard and the pipe work on the handshake: 401 and 400 are ordinary answers, before anything is upgraded.
  @Get(':room')
  @UseGuards(TokenGuard)
  async join(@WebSockets() webSockets: WebSocketManager, @Param('room', ParseIntPipe) number: number): Promise<void> {
    const webSocket = webSockets.accept();
    const room = this.rooms.get(number) ?? new Set();
    this.rooms.set(number, room.add(webSocket));
    try {
      for await (const { data } of webSocket.messages()) {
        const message = new PreparedMessage(data); // framed once, whoever hears it
        for (const member of room) {
          void member.send(message);
        }
      }
    } finally {
      room.delete(webSocket);
    }
  }
}
