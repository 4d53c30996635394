import { Controller, ForbiddenException, Get, Headers, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { INestApplication } from '@nestjs/common';
import { useWebSockets, WebSockets, WebSocketsModule, type WebSocketManager } from 'nest-raw-websockets';
import { connect } from 'nest-raw-websockets/testing';

@Controller('rooms')
class RoomController {
  @Get()
  async join(@WebSockets() webSockets: WebSocketManager, @Headers('authorization') token?: string): Promise<void> {
    if (token !== 'Bearer 1') {
      throw new ForbiddenException('Who are you?');
    }
    const [subprotocol] = webSockets.requestedProtocols;
    const webSocket = webSockets.accept({ subprotocol });
    for await (const { data } of webSocket.messages()) {
      await webSocket.send(data);
    }
  }
}

@Module({ imports: [WebSocketsModule.forRoot()], controllers: [RoomController] })
class RoomModule {}

const headers = { Authorization: 'Bearer 1' };

describe('connect', () => {
  let app: INestApplication;
  beforeEach(async () => {
    app = await NestFactory.create(RoomModule, new FastifyAdapter(), { logger: false });
    useWebSockets(app);
  });
  afterEach(() => app.close());

  it('makes an application listen, and connects a client that exchanges messages and closes', async () => {
    const client = await connect(app, '/rooms', { headers, subprotocols: ['chat', 'other'] });
    expect(client.subprotocol).toBe('chat');
    client.send('Hi, ', { endOfMessage: false });
    client.send('all');
    client.send(Buffer.from([1]));
    expect(await client.receive()).toEqual({ type: 'text', data: 'Hi, all' });
    expect(await client.receive()).toEqual({ type: 'binary', data: Buffer.from([1]) });
    expect(await client.close(1000, 'bye')).toEqual({ status: 1000, description: 'bye' });
    await expect(client.receive()).rejects.toThrow('status 1000');
  });

  it.each(['127.0.0.1', '0.0.0.0', '::'])('connects to an application that listens on %s', async (host) => {
    await app.listen(0, host);
    const client = await connect(app, '/rooms', { headers });
    expect(client.subprotocol).toBeUndefined();
    client.abort();
    expect(await client.closed).toEqual({ status: 1006, description: '' });
  });

  it('rejects with the response of a server that refuses the handshake', async () => {
    await expect(connect(app, '/rooms')).rejects.toMatchObject({
      name: 'HandshakeRefusedError',
      status: 403,
      body: expect.stringContaining('Who are you?') as string,
    });
  });

  it('rejects when the server does not answer', async () => {
    await app.listen(0, '127.0.0.1');
    app.getHttpServer().on('connection', (socket: { destroy(): void }) => socket.destroy());
    await expect(connect(app, '/rooms')).rejects.toThrow('hang up');
  });
});
