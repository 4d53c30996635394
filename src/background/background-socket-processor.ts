import { Inject, Injectable } from '@nestjs/common';
import { WebSocketCloseStatus, type WebSocketConnection } from 'nest-raw-websockets';
import { BACKPLANE, type Backplane } from './backplane.js';
import { ChatRoom, nextId, type Member } from './chat-room.js';
import { DeliveryPace } from './delivery-pace.js';
import { DeliveryCounters, Outbox, type OutboxOptions } from './outbox.js';

/** The default room. */
export const LOBBY = 'lobby';

/** The options of the chat. */
export interface ChatOptions extends OutboxOptions {
  /** The largest room in which joins and leaves are announced; 0 for any size. */
  readonly presenceLimit: number;
}

/** The injection token of the `ChatOptions`. */
export const CHAT_OPTIONS = Symbol('ChatOptions');

/** The place of a socket in the chat. */
export interface AddSocketOptions {
  /** The room that the socket joins. Default: `lobby`. */
  readonly room?: string;
  /** The name of the member. Default: its id. */
  readonly name?: string;
}

/**
 * The service of that name in ASP.NET Core's article: it lives longer than any request, and controllers hand accepted
 * sockets to it. Here it is a chat: every message goes to all sockets in the room.
 */
@Injectable()
export class BackgroundSocketProcessor {
  private readonly rooms = new Map<string, ChatRoom>();
  private readonly pace = new DeliveryPace();

  constructor(
    @Inject(CHAT_OPTIONS) private readonly options: ChatOptions,
    @Inject(BACKPLANE) private readonly backplane: Backplane,
    @Inject(DeliveryCounters) private readonly counters: DeliveryCounters,
  ) {}

  /** The number of rooms, which all have members. */
  get roomCount(): number {
    return this.rooms.size;
  }

  /** The number of sockets in all rooms. */
  get memberCount(): number {
    return Array.from(this.rooms.values(), ({ size }) => size).reduce((sum, size) => sum + size, 0);
  }

  /**
   * Takes a socket over. The promise has the purpose of the article's `TaskCompletionSource`: the controller that accepted
   * the socket awaits it, because the socket is closed when the controller's method returns.
   *
   * @returns a promise that is fulfilled when the client closes
   * @throws WebSocketError as `WebSocketConnection.messages` does
   */
  async addSocket(socket: WebSocketConnection, { room: roomName = LOBBY, name }: AddSocketOptions = {}): Promise<void> {
    const id = nextId();
    const member: Member = { id, name: name ?? id, outbox: new Outbox(socket, this.options, this.counters) };
    const room = this.rooms.get(roomName) ?? this.openRoom(roomName);
    room.join(member);
    try {
      await this.receive(socket, room, member);
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

  private async receive(socket: WebSocketConnection, room: ChatRoom, member: Member): Promise<void> {
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
