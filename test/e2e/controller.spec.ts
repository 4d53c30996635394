import {
  Req,
  Controller,
  Get,
  Param,
  ParseIntPipe,
  type CanActivate,
  Injectable,
  UseGuards,
  type ExecutionContext,
} from '@nestjs/common';
import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { WebSockets, type WebSocketManager } from 'nest-raw-websockets';
import { text } from '../libs/websockets/protocol/client-frame.js';
import { startNestApp, type NestApp } from '../support/nest-app.js';
import { platforms } from '../support/platforms.js';
import { endRawClients, handshake, RawClient } from '../support/raw-client.js';

/** Fastify and Express. */
type Request = { readonly raw: IncomingMessage } | IncomingMessage;

@Injectable()
class TokenGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToHttp().getRequest<IncomingMessage>().headers.authorization === 'Bearer secret';
  }
}

@Controller('rooms')
class RoomController {
  @Get('late')
  async joinLate(@WebSockets() webSockets: WebSocketManager, @Req() request: Request): Promise<void> {
    const { socket } = 'raw' in request ? request.raw : request;
    await new Promise((resolve) => socket.once('close', resolve));
    webSockets.accept();
  }

  @Get(':id')
  @UseGuards(TokenGuard)
  async join(@WebSockets() webSockets: WebSocketManager, @Param('id', ParseIntPipe) id: number): Promise<void> {
    const webSocket = webSockets.accept({ subprotocol: webSockets.requestedProtocols[0] });
    await webSocket.send(`room ${id}`);
    for await (const { data } of webSocket.messages()) {
      if (data === 'throw') {
        throw new Error('thrown by the controller');
      }
      if (data === 'return') {
        return;
      }
      await webSocket.send(data);
    }
  }
}

describe.each(platforms)('A controller that accepts, on %s,', (_name, createAdapter) => {
  let nest: NestApp;
  const headers = { Authorization: 'Bearer secret' };

  beforeAll(async () => {
    nest = await startNestApp(createAdapter, { controllers: [RoomController], options: { closeTimeout: 200 } });
  });
  afterEach(endRawClients);
  afterAll(() => nest.app.close());

  async function join(extra = {}): Promise<RawClient> {
    const client = await RawClient.connect(nest.port);
    client.write(handshake('/rooms/7', { ...headers, ...extra }));
    return client;
  }

  it('keeps its connection open while its promise is pending', async () => {
    const client = await join({ 'Sec-WebSocket-Protocol': 'chat, superchat' });
    const response = await client.readResponse();
    expect(response.status).toBe(101);
    expect(response.headers['sec-websocket-protocol']).toBe('chat');
    expect((await client.readFrame()).payload.toString()).toBe('room 7');
    client.write(text('hello'));
    expect((await client.readFrame()).payload.toString()).toBe('hello');
    client.write(text('return'));
    expect(await client.readClose()).toEqual({ status: 1000, reason: '' });
  });

  it('closes with 1011, and logs once, when it throws', async () => {
    const before = nest.logger.alarms.length;
    const client = await join();
    await client.readResponse();
    await client.readFrame();
    client.write(text('throw'));
    expect(await client.readClose()).toEqual({ status: 1011, reason: '' });
    expect(nest.logger.alarms.slice(before).map(({ text: line }) => line)).toEqual([
      expect.stringContaining('thrown by the controller') as string,
    ]);
  });

  it.each([
    ['the guard', '/rooms/7', {}, 403],
    ['the pipe', '/rooms/seven', headers, 400],
    ['the router', '/nowhere', headers, 404],
  ])('leaves the response to the handshake to %s', async (_who, path, given, status) => {
    const client = await RawClient.connect(nest.port);
    client.write(handshake(path, given));
    expect((await client.readResponse()).status).toBe(status);
    expect(await client.readToEnd()).toHaveLength(0);
  });

  it.each([
    ['is refused', '/nowhere', 404],
    ['is accepted, when the controller returns', '/rooms/7', 101],
  ])(
    'ends the response to a handshake that %s, so that a shutdown does not wait for it',
    async (_what, path, status) => {
      const server = nest.app.getHttpServer() as Server;
      const ended = new Promise((resolve) =>
        server.once('request', (_request, res: ServerResponse) => res.once('close', resolve)),
      );
      const client = await RawClient.connect(nest.port);
      client.write(handshake(path, headers));
      expect((await client.readResponse()).status).toBe(status);
      client.write(text('return'));
      await expect(ended).resolves.toBeUndefined();
    },
  );

  it('cannot accept a client that has disconnected, and need not check for that', async () => {
    const before = nest.logger.alarms.length;
    const client = await RawClient.connect(nest.port);
    const server = nest.app.getHttpServer() as Server;
    const arrived = once(server, 'request') as Promise<[IncomingMessage, ServerResponse]>;
    client.write(handshake('/rooms/late', headers));
    const [, response] = await arrived;
    client.reset();
    await once(response, 'close');
    expect(nest.logger.alarms).toHaveLength(before);
  });
});
