import { Controller, Get, Injectable, Query, UseGuards, type CanActivate } from '@nestjs/common';
import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import { WebSocketGateway } from '@nestjs/websockets';
import { setImmediate as turn } from 'node:timers/promises';
import { WebSockets, type WebSocketConnection, type WebSocketManager } from 'nest-raw-websockets';
import { startNestApp, type NestApp } from '../support/nest-app.js';
import { platforms } from '../support/platforms.js';
import { endRawClients, handshake, handshakeHeaders, RawClient, requestHead } from '../support/raw-client.js';
import { text } from '../libs/websockets/protocol/client-frame.js';

async function echo(webSocket: WebSocketConnection): Promise<void> {
  await webSocket.receive((fragment) => webSocket.send(fragment));
}

/** Allows every request, after the client has ended its half. */
@Injectable()
class SlowGuard implements CanActivate {
  async canActivate(): Promise<boolean> {
    for (let i = 0; i < 20; i++) {
      await turn();
    }
    return true;
  }
}

@Controller()
class EchoController {
  @Get('room')
  @UseGuards(SlowGuard)
  async room(@WebSockets() webSockets: WebSocketManager, @Query('name') name = ''): Promise<void> {
    const webSocket = webSockets.accept();
    if (name !== '') {
      await webSocket.send(name);
    }
    await echo(webSocket);
  }
}

@WebSocketGateway({ path: '/ws' })
class EchoGateway {
  handleWebSocket(webSocket: WebSocketConnection): Promise<void> {
    return echo(webSocket);
  }
}

describe.each(platforms)('On %s, a handshake', (name, createAdapter) => {
  let nest: NestApp;

  beforeAll(async () => {
    nest = await startNestApp(createAdapter, { controllers: [EchoController], providers: [EchoGateway] }, (app) => {
      if (name === 'Express') {
        // As middleware does that keeps the raw body.
        app.use((request: object, response: object, next: () => void) => {
          Object.assign(request, { raw: Buffer.alloc(0) });
          Object.assign(response, { raw: {} });
          next();
        });
      }
    });
  });
  afterEach(endRawClients);
  afterAll(async () => {
    await nest.app.close();
    expect(nest.logger.alarms).toEqual([]);
  });

  const connect = (): Promise<RawClient> => RawClient.connect(nest.port);

  it.each(['/ws', '/room'])(
    'at %s is answered completely when a message and the end of the client are in the same packet',
    async (path) => {
      const client = await connect();
      client.socket.end(Buffer.concat([Buffer.from(handshake(path)), text('early')]));
      expect((await client.readResponse()).status).toBe(101);
      expect((await client.readFrame()).payload.toString()).toBe('early');
      expect(await client.readToEnd()).toHaveLength(0);
    },
  );

  it.each(['/ws', '/room'])('at %s with Expect: 100-continue receives 100 before 101', async (path) => {
    const client = await connect();
    client.write(handshake(path, { Expect: '100-continue' }));
    expect((await client.readResponse()).status).toBe(100);
    expect((await client.readResponse()).status).toBe(101);
  });

  it.each(['ws', 'http', 'WS'])(
    'with a target in absolute form, %s://, reaches gateways and controllers',
    async (scheme) => {
      for (const path of ['/ws', '/room?name=7']) {
        const client = await connect();
        client.write(requestHead(`GET ${scheme}://localhost${path} HTTP/1.1`, handshakeHeaders));
        expect((await client.readResponse()).status).toBe(101);
      }
    },
  );

  it('with a malformed host in its target is answered with 400', async () => {
    const client = await connect();
    client.write(requestHead('GET ws://me@localhost/ws HTTP/1.1', handshakeHeaders));
    expect((await client.readResponse()).status).toBe(400);
  });

  it('is not a request with a late or missing body, and the server continues', async () => {
    const server = nest.app.getHttpServer() as Server;
    for (const framing of [{ 'Content-Length': '5' }, { 'Transfer-Encoding': 'chunked' }]) {
      const client = await connect();
      const arrived = Promise.race([once(server, 'request'), once(server, 'upgrade')]) as Promise<[IncomingMessage]>;
      client.write(requestHead('POST /nothing HTTP/1.1', { ...handshakeHeaders, Upgrade: 'h2c', ...framing }));
      await arrived;
      expect((await client.readResponse()).status).toBe(404);
    }
  });
});
