import { jest } from '@jest/globals';
import { Controller, Get, Injectable, Module, type Type } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway, WebSocketServer, type OnGatewayInit } from '@nestjs/websockets';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { WebSocket } from 'ws';
import {
  GatewayServer,
  WebSocketConnections,
  WebSocketsModule,
  type RawWebSocketGateway,
  type WebSocketClosed,
  type WebSocketConnection,
} from 'nest-raw-websockets';
import { ServerConnection } from '../../libs/websockets/src/connection/server-connection.js';
import { createNestApp, startGateways, startNestApp, type NestApp } from '../support/nest-app.js';
import { platforms } from '../support/platforms.js';
import { endRawClients, RawClient } from '../support/raw-client.js';
import { clientFrame, close, text } from '../libs/websockets/protocol/client-frame.js';

/** Records how its connections ended. */
abstract class ObservedGateway implements RawWebSocketGateway {
  @WebSocketServer() readonly server!: GatewayServer<WebSocketConnection>;
  readonly ends = new Map<WebSocketConnection, WebSocketClosed[]>();

  abstract handleWebSocket(webSocket: WebSocketConnection): void | Promise<void>;

  handleDisconnect(webSocket: WebSocketConnection, closed: WebSocketClosed): void | Promise<void> {
    this.ends.set(webSocket, [...(this.ends.get(webSocket) ?? []), closed]);
  }
}

/** The echo of the Microsoft article. */
@WebSocketGateway({ path: '/echo' })
class EchoGateway extends ObservedGateway implements OnGatewayInit<GatewayServer> {
  initializedWith: GatewayServer | undefined;

  afterInit(server: GatewayServer): void {
    this.initializedWith = server;
  }

  async handleWebSocket(webSocket: WebSocketConnection): Promise<void> {
    const peer = await webSocket.receive((fragment) => webSocket.send(fragment));
    await webSocket.close(peer.status, peer.description);
  }
}

/** Answers one message and returns. */
@WebSocketGateway({ path: '/once' })
class OnceGateway extends ObservedGateway {
  async handleWebSocket(webSocket: WebSocketConnection): Promise<void> {
    for await (const { data } of webSocket.messages()) {
      await webSocket.send(data);
      return;
    }
  }
}

/** Returns at once, without a promise. */
@WebSocketGateway({ path: '/hello' })
class HelloGateway extends ObservedGateway {
  handleWebSocket(webSocket: WebSocketConnection): void {
    void webSocket.send('hello');
  }
}

/** Reads, and leaves the close to the library. */
@WebSocketGateway({ path: '/reader' })
class ReadingGateway extends ObservedGateway {
  async handleWebSocket(webSocket: WebSocketConnection): Promise<void> {
    await webSocket.receive(() => {});
  }
}

/** Neither reads nor returns. */
@WebSocketGateway({ path: '/deaf' })
class DeafGateway extends ObservedGateway {
  handleWebSocket(): Promise<void> {
    return new Promise(() => {});
  }
}

@WebSocketGateway({ path: '/throws' })
class ThrowingGateway extends ObservedGateway {
  handleWebSocket(): void {
    throw new Error('broken at once');
  }
}

@WebSocketGateway({ path: '/rejects' })
class RejectingGateway extends ObservedGateway {
  async handleWebSocket(webSocket: WebSocketConnection): Promise<void> {
    for await (const message of webSocket.messages()) {
      throw new Error(`broken by ${message.data.toString()}`);
    }
  }
}

/** A gateway whose handleWebSocket and handleDisconnect both fail. */
@WebSocketGateway({ path: '/disconnect-throws' })
class DisconnectThrowsGateway extends ObservedGateway {
  override handleDisconnect(): Promise<void> {
    throw new Error('broken at the end');
  }

  async handleWebSocket(webSocket: WebSocketConnection): Promise<void> {
    await webSocket.receive(() => {});
  }
}

const gateways = [
  EchoGateway,
  OnceGateway,
  HelloGateway,
  ReadingGateway,
  DeafGateway,
  ThrowingGateway,
  RejectingGateway,
  DisconnectThrowsGateway,
];

describe.each(platforms)('On %s, a raw gateway', (_name, createAdapter) => {
  let running: NestApp;
  const open = (path: string): Promise<RawClient> => RawClient.open(running.port, path);

  beforeAll(async () => {
    running = await startGateways(createAdapter, gateways);
  });

  beforeEach(() => {
    running.logger.lines.length = 0;
  });

  afterEach(endRawClients);

  afterAll(() => running.app.close());

  /** Connects, and also waits for the server's end. */
  async function openBoth(
    type: Type<ObservedGateway>,
    path: string,
  ): Promise<{ client: RawClient; webSocket: WebSocketConnection; request: IncomingMessage }> {
    const { server } = running.app.get(type);
    const connected = once(server, 'connection') as Promise<[WebSocketConnection, IncomingMessage]>;
    const client = await open(path);
    const [webSocket, request] = await connected;
    return { client, webSocket, request };
  }

  it('receives the connection and the request of the handshake', async () => {
    const handleWebSocket = jest.spyOn(running.app.get(EchoGateway), 'handleWebSocket');
    await open('/ECHO/?room=1');
    const [webSocket, request] = handleWebSocket.mock.lastCall as unknown as [WebSocketConnection, IncomingMessage];
    handleWebSocket.mockRestore();
    expect(webSocket).toBeInstanceOf(ServerConnection);
    expect(webSocket.state).toBe('open');
    expect(request.url).toBe('/ECHO/?room=1');
    expect(request.headers.host).toBe('localhost');
    expect(request.socket.remoteAddress).toBe('127.0.0.1');
  });

  it.each<[string, number | undefined, string]>([
    ['/echo', 1000, 'bye'],
    ['/echo', 4999, ''],
    ['/echo', undefined, ''],
    ['/reader', 1001, 'bye'],
    ['/reader', undefined, ''],
    ['/deaf', 3000, 'bye'],
  ])('at %s echoes the close %p %j, and ends TCP', async (path, status, reason) => {
    const client = await open(path);
    client.write(close(status, reason));
    expect(await client.readClose()).toEqual({ status, reason });
    expect(await client.readToEnd()).toHaveLength(0);
  });

  it('echoes in order, fragment by fragment, and answers pings in between', async () => {
    const client = await open('/echo');
    client.write(Buffer.concat([clientFrame({ opcode: 2, payload: 'a', fin: false }), clientFrame({ opcode: 9 })]));
    expect(await client.readFrame()).toEqual({ opcode: 2, fin: false, payload: Buffer.from('a') });
    expect(await client.readFrame()).toEqual({ opcode: 10, fin: true, payload: Buffer.alloc(0) });
    client.write(clientFrame({ opcode: 0, payload: 'b' }));
    expect(await client.readFrame()).toEqual({ opcode: 0, fin: true, payload: Buffer.from('b') });
  });

  it.each([
    ['/once', 'answer'],
    ['/hello', 'hello'],
  ])('at %s closes with 1000 when it returns without a close, after its messages', async (path, answer) => {
    const client = await open(path);
    client.write(text('answer'));
    expect((await client.readFrame()).payload.toString()).toBe(answer);
    expect(await client.readClose()).toEqual({ status: 1000, reason: '' });
    client.write(close(1000));
    expect(await client.readToEnd()).toHaveLength(0);
  });

  it.each([
    ['/throws', 'ThrowingGateway', 'broken at once'],
    ['/rejects', 'RejectingGateway', 'broken by me'],
  ])(
    'at %s closes with 1011, and logs the error once with the stack; other clients stay connected',
    async (path, name, message) => {
      const other = await open('/echo');
      const client = await open(path);
      client.write(text('me'));
      expect(await client.readClose()).toEqual({ status: 1011, reason: '' });
      client.write(close(1011));
      expect(await client.readToEnd()).toHaveLength(0);
      other.write(text('still here'));
      expect((await other.readFrame()).payload.toString()).toBe('still here');
      expect(running.logger.alarms).toEqual([
        {
          level: 'error',
          text: expect.stringMatching(
            new RegExp(
              `^${name}\\.handleWebSocket failed: Error: ${message}\\nError: ${message}\\n\\s+at .*gateway\\.spec`,
            ),
          ),
        },
      ]);
    },
  );

  it.each<[string, (client: RawClient) => unknown, Partial<WebSocketClosed>]>([
    ['closes', (client) => client.write(close(3000, 'bye')), { by: 'peer', status: 3000, description: 'bye' }],
    ['ends without a close', (client) => client.socket.end(), { by: 'transport', status: 1006 }],
    ['resets the connection', (client) => client.reset(), { by: 'transport', status: 1006 }],
    ['ends inside a frame', (client) => client.socket.end(text('abc').subarray(0, 7)), { by: 'transport' }],
    [
      'violates the protocol',
      (client) => client.write(clientFrame({ opcode: 1, masked: false, payload: 'x' })),
      { by: 'protocol', status: 1002 },
    ],
    ['sends text that is no UTF-8', (client) => client.write(text(Buffer.from([0xc0]))), { status: 1007 }],
  ])(
    'receives the close information once when the client %s, and nothing is logged above debug',
    async (_what, end, how) => {
      for (const [type, path] of [
        [EchoGateway, '/echo'],
        [ReadingGateway, '/reader'],
      ] as const) {
        const { client, webSocket } = await openBoth(type, path);
        end(client);
        client.socket.resume();
        client.socket.end();
        await webSocket.closed;
        await turn();
        expect(running.app.get(type).ends.get(webSocket)).toEqual([expect.objectContaining(how)]);
      }
      expect(running.logger.lines.filter(({ level }) => level !== 'debug')).toEqual([]);
    },
  );

  it('may throw in handleDisconnect, which is logged once', async () => {
    const { client, webSocket } = await openBoth(DisconnectThrowsGateway, '/disconnect-throws');
    client.socket.end(close(1000));
    await webSocket.closed;
    await turn();
    expect(running.logger.alarms).toEqual([
      {
        level: 'error',
        text: expect.stringMatching(/^DisconnectThrowsGateway\.handleDisconnect failed: Error: broken at the end\n/),
      },
    ]);
  });

  it('has a server with its clients from the start', async () => {
    const { server, initializedWith } = running.app.get(EchoGateway);
    const connections = running.app.get(WebSocketConnections);
    expect(server).toBeInstanceOf(GatewayServer);
    expect(initializedWith).toBe(server);
    expect(server.path).toBe('/echo');
    const { client, webSocket, request } = await openBoth(EchoGateway, '/echo');
    expect(request.url).toBe('/echo');
    expect(server.clients.has(webSocket)).toBe(true);
    expect([...connections].includes(webSocket)).toBe(true);
    client.destroy();
    await webSocket.closed;
    expect(server.clients.has(webSocket)).toBe(false);
    expect([...connections].includes(webSocket)).toBe(false);
  });

  it('is not affected by a failing listener of its server', async () => {
    const { server } = running.app.get(EchoGateway);
    server.once('connection', () => {
      throw new Error('broken listener');
    });
    expect(await (await open('/echo')).readClose()).toEqual({ status: 1011, reason: '' });
    expect(running.logger.alarms).toHaveLength(1);
  });

  it('serves many clients at once', async () => {
    const clients = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const client = new WebSocket(`ws://${running.host}/echo`);
        await once(client, 'open');
        return client;
      }),
    );
    const echoes = clients.map(async (client, i) => {
      client.send(`message ${i}`);
      const [data] = (await once(client, 'message')) as [Buffer];
      client.close(1000);
      await once(client, 'close');
      return data.toString();
    });
    expect(await Promise.all(echoes)).toEqual(clients.map((_client, i) => `message ${i}`));
  });
});

describe.each(platforms)('On %s, at the start', (_name, createAdapter) => {
  @WebSocketGateway({ path: 'Same/' })
  class SameGateway extends HelloGateway {}

  @WebSocketGateway({ path: '/same' })
  class OtherGateway extends HelloGateway {}

  @WebSocketGateway()
  class RootGateway extends HelloGateway {}

  afterEach(endRawClients);

  it.each<[string, Type, string]>([
    [
      'handleConnection',
      class Both extends HelloGateway {
        handleConnection(): void {}
      },
      'handleConnection',
    ],
    [
      '@SubscribeMessage',
      (() => {
        class Both extends HelloGateway {
          @SubscribeMessage('x')
          answer(): void {}
        }
        return Both;
      })(),
      'answer with @SubscribeMessage',
    ],
  ])('a class with handleWebSocket and %s causes an error that names both', async (_what, type, stockPart) => {
    WebSocketGateway({ path: '/both' })(type);
    const app = await createNestApp(createAdapter, { providers: [type] });
    await expect(app.init()).rejects.toMatchObject({
      name: 'WebSocketError',
      code: 'WS_GATEWAY_KIND',
      message: `Both has handleWebSocket, which makes it a raw gateway, and ${stockPart}, which only a stock gateway can have. Make two gateways of it, with a path each.`,
    });
    await app.close();
  });

  it('two raw gateways with one path cause an error that names them and the path', async () => {
    const app = await createNestApp(createAdapter, { providers: [SameGateway, OtherGateway] });
    await expect(app.init()).rejects.toMatchObject({
      name: 'WebSocketError',
      code: 'WS_GATEWAY_CONFLICT',
      message:
        'SameGateway and OtherGateway have the same path "/same", but SameGateway has handleWebSocket and so needs a path of its own.',
    });
    await app.close();
  });

  it('a gateway may be in any module', async () => {
    @Module({ providers: [OtherGateway] })
    class Feature {}

    const { app, port } = await startNestApp(createAdapter, { imports: [WebSocketsModule.forRoot(), Feature] });
    expect((await (await RawClient.open(port, '/same')).readFrame()).payload.toString()).toBe('hello');
    await endRawClients();
    await app.close();
  });

  it('a gateway without a path is at the root, next to a route', async () => {
    @Controller()
    class RootController {
      @Get()
      get(): string {
        return 'a page';
      }
    }

    const { app, port, host } = await startNestApp(createAdapter, {
      controllers: [RootController],
      providers: [RootGateway],
    });
    const client = await RawClient.open(port, '/');
    expect((await client.readFrame()).payload.toString()).toBe('hello');
    expect(await (await fetch(`http://${host}/`)).text()).toBe('a page');
    await endRawClients();
    await app.close();
  });

  it('a gateway is injected like any provider', async () => {
    @Injectable()
    class Greeter {
      greet(): string {
        return 'injected';
      }
    }

    @WebSocketGateway({ path: '/injected' })
    class InjectedGateway {
      constructor(private readonly greeter: Greeter) {}

      async handleWebSocket(webSocket: WebSocketConnection): Promise<void> {
        await webSocket.send(this.greeter.greet());
      }
    }

    const { app, port } = await startGateways(createAdapter, [Greeter, InjectedGateway]);
    const client = await RawClient.open(port, '/injected');
    expect((await client.readFrame()).payload.toString()).toBe('injected');
    await endRawClients();
    await app.close();
  });

  it('a global prefix does not apply to gateways, as with WsAdapter', async () => {
    const app = await createNestApp(createAdapter, { providers: [HelloGateway] });
    app.setGlobalPrefix('api');
    await app.listen(0, '127.0.0.1');
    const { port } = new URL(await app.getUrl());
    const client = await RawClient.open(Number(port), '/hello');
    expect((await client.readFrame()).payload.toString()).toBe('hello');
    await endRawClients();
    await app.close();
  });
});
