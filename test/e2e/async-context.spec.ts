import { AsyncLocalStorage } from 'node:async_hooks';
import type { Server } from 'node:http';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  WebSockets,
  type RawWebSocketGateway,
  type WebSocketConnection,
  type WebSocketManager,
} from 'nest-raw-websockets';
import { close, text } from '../libs/websockets/protocol/client-frame.js';
import { handshakeTransports, type HandshakeApp } from '../support/handshake-transports.js';
import { endHttp2Clients } from '../support/http2-client.js';
import { endRawClients } from '../support/raw-client.js';
import { until } from '../support/until.js';

/** The context of a handshake: its path. */
const storage = new AsyncLocalStorage<string>();

let seen: [where: string, store: string | undefined][];
const note = (where: string): void => void seen.push([where, storage.getStore()]);

/** Waits for a message that arrives in a read of its own, by `receive`, and then for the rest, by `messages`. */
async function serve(webSocket: WebSocketConnection): Promise<void> {
  note('handler');
  void webSocket.closed.then(() => note('closed'));
  for await (const { data } of webSocket.messages()) {
    note('messages');
    await webSocket.send(data);
    if (data === 'receive') {
      break;
    }
  }
  await webSocket.receive((fragment) => {
    note('receive');
    return webSocket.send(fragment);
  });
  note('end');
}

@WebSocketGateway({ path: '/raw' })
class RawGateway implements RawWebSocketGateway {
  async handleWebSocket(webSocket: WebSocketConnection): Promise<void> {
    await serve(webSocket);
  }

  handleDisconnect(): void {
    note('handleDisconnect');
  }
}

@WebSocketGateway({ path: '/stock' })
class StockGateway {
  handleConnection(): void {
    note('handleConnection');
  }

  @SubscribeMessage('say')
  say(@MessageBody() data: string): { event: string; data: string } {
    note('say');
    return { event: 'said', data };
  }

  handleDisconnect(): void {
    note('handleDisconnect');
  }
}

@Controller('controller')
class RoomController {
  @Get()
  async join(@WebSockets() webSockets: WebSocketManager): Promise<void> {
    await serve(webSockets.accept());
  }
}

/** Gives each request of the server a context, as tracers do. */
function giveContexts(app: INestApplication): void {
  const server = app.getHttpServer() as Server;
  const emit = server.emit.bind(server) as (...args: unknown[]) => boolean;
  server.emit = (event: string, ...args: unknown[]) => {
    const { url } = (args[0] ?? {}) as { url?: string };
    return url === undefined ? emit(event, ...args) : storage.run(url, () => emit(event, ...args));
  };
}

describe.each(handshakeTransports)('The asynchronous context of a handshake on %s', (_name, start) => {
  let app: HandshakeApp;

  beforeAll(async () => {
    app = await start({ controllers: [RoomController], providers: [RawGateway, StockGateway] }, giveContexts);
  });
  beforeEach(() => {
    seen = [];
  });
  afterEach(async () => {
    await endRawClients();
    await endHttp2Clients();
  });
  afterAll(() => app.app.close());

  it.each([
    ['/raw', ['handler', 'messages', 'messages', 'receive', 'end', 'closed', 'handleDisconnect']],
    ['/controller', ['handler', 'messages', 'messages', 'receive', 'end', 'closed']],
  ])('is there in every handler at %s', async (path, where) => {
    const { client } = await app.shakeHands(path);
    for (const message of ['messages', 'receive', 'one more']) {
      client.write(text(message));
      expect(String((await client.readFrame()).payload)).toBe(message);
    }
    client.write(close(1000)).end();
    await until(() => seen.length >= where.length);
    expect(seen.map(([name]) => name).toSorted()).toEqual(where.toSorted());
    expect(new Set(seen.map(([, store]) => store))).toEqual(new Set([path]));
  });

  it('is there in every handler of a stock gateway', async () => {
    const { client } = await app.shakeHands('/stock');
    client.write(text('{"event":"say","data":"Hi"}'));
    expect(String((await client.readFrame()).payload)).toBe('{"event":"said","data":"Hi"}');
    client.write(close(1000)).end();
    await until(() => seen.length >= 3);
    expect(seen).toEqual([
      ['handleConnection', '/stock'],
      ['say', '/stock'],
      ['handleDisconnect', '/stock'],
    ]);
  });
});
