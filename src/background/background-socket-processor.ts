import { Inject, Injectable } from '@nestjs/common';
import { WebSocketCloseStatus, type WebSocketConnection } from 'nest-raw-websockets';
import { BACKGROUND_OPTIONS, type BackgroundOptions } from './background-options.js';
import { BACKPLANE, type Backplane } from './backplane.js';
import { ChatCounters } from './chat-counters.js';
import { nextId } from './chat-ids.js';
import { ChatRoom, type Member } from './chat-room.js';
import { DeliveryPace } from './delivery-pace.js';
import { Outbox } from './outbox.js';

/** The room of who names none. */
export const LOBBY = 'lobby';

/** Where a socket goes in the chat. */
export interface AddSocketOptions {
  /** The room that it joins. Default `lobby`. */
  readonly room?: string;
  /** The name that it goes by. Default its id. */
  readonly name?: string;
}

/**
 * What ASP.NET Core's article calls so: a service that lives longer than any request and has the sockets that controllers
 * accepted. It makes a chat of them: what one says, all in its room hear.
 */
@Injectable()
export class BackgroundSocketProcessor {
  private readonly rooms = new Map<string, ChatRoom>();
  private readonly pace = new DeliveryPace();

  constructor(
    @Inject(BACKGROUND_OPTIONS) private readonly options: BackgroundOptions,
    @Inject(BACKPLANE) private readonly backplane: Backplane,
    @Inject(ChatCounters) private readonly counters: ChatCounters,
  ) {}

  /** How many rooms there are: those that somebody is in. */
  get roomCount(): number {
    return this.rooms.size;
  }

  /** How many sockets are in rooms. */
  get memberCount(): number {
    return Array.from(this.rooms.values(), ({ size }) => size).reduce((sum, size) => sum + size, 0);
  }

  /**
   * Takes a socket over. The promise is what the article has its `TaskCompletionSource` for: who accepted the socket awaits
   * it, because when the request's pipeline ends, so does the socket.
   *
   * @returns when the client is done
   * @throws WebSocketError as `WebSocketConnection.messages` does
   */
  async addSocket(socket: WebSocketConnection, { room: roomName = LOBBY, name }: AddSocketOptions = {}): Promise<void> {
    const id = nextId();
    const member: Member = { id, name: name ?? id, outbox: new Outbox(socket, this.options, this.counters) };
    const room = this.rooms.get(roomName) ?? this.openRoom(roomName);
    room.join(member);
    try {
      await this.hear(socket, room, member);
    } finally {
      room.leave(member);
      if (room.size === 0) {
        this.rooms.delete(roomName);
        room.close();
      }
    }
  }

  private openRoom(name: string): ChatRoom {
    const room = new ChatRoom(name, this.backplane, this.options.presenceLimit);
    this.rooms.set(name, room);
    return room;
  }

  private async hear(socket: WebSocketConnection, room: ChatRoom, member: Member): Promise<void> {
    for await (const message of socket.messages()) {
      if (message.type === 'binary') {
        await socket.close(WebSocketCloseStatus.invalidMessageType, 'This chat takes text messages');
        return;
      }
      while (this.pace.isSpent) {
        await this.pace.nextRound;
      }
      room.say(member, message.data);
      this.pace.spend(room.size);
    }
  }
}
