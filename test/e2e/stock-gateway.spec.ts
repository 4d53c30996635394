import {
  Catch,
  Inject,
  Injectable,
  ParseIntPipe,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
  type Type,
  type WsExceptionFilter,
} from '@nestjs/common';
import {
  BaseWsExceptionFilter,
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
  WsException,
  type WsResponse,
} from '@nestjs/websockets';
import { NestFactory } from '@nestjs/core';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { from, map, throwError, type Observable } from 'rxjs';
import { WebSocket, type WebSocketServer as WsServer } from 'ws';
import { WebSocketsAdapter, WebSocketsModule, type GatewayServer, type WsCompatibleClient } from 'nest-raw-websockets';
import { freePort } from '../support/free-port.js';
import { createNestApp, startGateways, type NestApp } from '../support/nest-app.js';
import { platforms } from '../support/platforms.js';
import { endRawClients, RawClient } from '../support/raw-client.js';
import { clientFrame, close, text } from '../libs/websockets/protocol/client-frame.js';

/** NestJS 11 sends exceptions only to clients of Socket.IO. */
const itWhereNestSendsExceptions = 'emitMessage' in BaseWsExceptionFilter.prototype ? it : it.skip;

@Injectable()
class OnlyWithTicket implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToWs().getData<{ ticket?: boolean }>().ticket === true;
  }
}

@Injectable()
class Shout implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler<WsResponse<string>>): Observable<WsResponse<string>> {
    return next.handle().pipe(map(({ event, data }) => ({ event, data: data.toUpperCase() })));
  }
}

@Injectable()
class Trim implements PipeTransform<unknown, unknown> {
  transform(value: unknown): unknown {
    return typeof value === 'string' ? value.trim() : value;
  }
}

@Catch(TypeError)
class TypeErrorFilter implements WsExceptionFilter<TypeError> {
  catch({ message }: TypeError, host: ArgumentsHost): void {
    host
      .switchToWs()
      .getClient<WebSocket>()
      .send(JSON.stringify({ event: 'filtered', data: message }));
  }
}

/** A gateway written for `ws`, with its types and calls. */
@WebSocketGateway({ path: '/stock' })
class StockGateway {
  @WebSocketServer() readonly server!: WsServer;
  readonly calls: unknown[][] = [];

  afterInit(server: WsServer): void {
    this.calls.push(['afterInit', server === this.server]);
  }

  handleConnection(client: WebSocket, request: IncomingMessage): void {
    this.calls.push(['handleConnection', client.readyState === WebSocket.OPEN, request.url]);
    client.on('message', (data: Buffer, isBinary: boolean) => this.calls.push(['message', String(data), isBinary]));
    client.on('pong', (data: Buffer) => this.calls.push(['pong', String(data)]));
    client.addEventListener('message', ({ data }) => this.calls.push(['event', data]));
  }

  handleDisconnect(client: WebSocket): void {
    this.calls.push(['handleDisconnect', client.readyState === WebSocket.CLOSED]);
  }

  @SubscribeMessage('value')
  value(): WsResponse<number> {
    return { event: 'value', data: 42 };
  }

  @SubscribeMessage('promise')
  async promise(@MessageBody() data: unknown): Promise<WsResponse<unknown>> {
    return Promise.resolve({ event: 'promise', data });
  }

  @SubscribeMessage('nothing')
  nothing(): void {}

  @SubscribeMessage('stream')
  stream(): Observable<WsResponse<number>> {
    return from([1, 2, 3]).pipe(map((data) => ({ event: 'stream', data })));
  }

  @SubscribeMessage('socket')
  socket(@ConnectedSocket() client: WebSocket, @MessageBody('name') name: string): void {
    client.send(JSON.stringify({ event: 'hello', data: name }));
  }

  @SubscribeMessage('binary')
  binary(@ConnectedSocket() client: WebSocket): void {
    client.send(Buffer.from([1, 2, 3]));
  }

  @SubscribeMessage('all')
  all(@MessageBody() data: unknown): void {
    this.server.clients.forEach((client) => {
      if (client.readyState === WebSocket.OPEN) {
        client.send(JSON.stringify({ event: 'all', data }));
      }
    });
  }

  @SubscribeMessage('guarded')
  @UseGuards(OnlyWithTicket)
  guarded(): WsResponse<string> {
    return { event: 'guarded', data: 'welcome' };
  }

  @SubscribeMessage('piped')
  @UsePipes(Trim)
  piped(@MessageBody() data: string): WsResponse<string> {
    return { event: 'piped', data };
  }

  @SubscribeMessage('number')
  number(@MessageBody('id', ParseIntPipe) id: number): WsResponse<number> {
    return { event: 'number', data: id + 1 };
  }

  @SubscribeMessage('shout')
  @UseInterceptors(Shout)
  shout(@MessageBody() data: string): WsResponse<string> {
    return { event: 'shout', data };
  }

  @SubscribeMessage('exception')
  exception(): never {
    throw new WsException('not so');
  }

  @SubscribeMessage('filtered')
  @UseFilters(TypeErrorFilter)
  filtered(): never {
    throw new TypeError('of the wrong type');
  }

  @SubscribeMessage('broken stream')
  brokenStream(): Observable<never> {
    return throwError(() => new WsException('broken stream'));
  }

  @SubscribeMessage('close')
  close(@ConnectedSocket() client: WebSocket, @MessageBody() { code, reason }: { code: number; reason: string }): void {
    client.close(code, reason);
  }

  @SubscribeMessage('terminate')
  terminate(@ConnectedSocket() client: WebSocket): void {
    client.terminate();
  }

  @SubscribeMessage('ping')
  ping(@ConnectedSocket() client: WebSocket): void {
    client.ping('are you there?');
  }
}

describe.each(platforms)('On %s, a stock gateway', (_name, createAdapter) => {
  let running: NestApp;

  beforeEach(async () => {
    running = await startGateways(createAdapter, [StockGateway], { maxMessageSize: 1000 });
  });

  afterEach(async () => {
    await endRawClients();
    await running.app.close();
  });

  const gateway = (): StockGateway => running.app.get(StockGateway);
  const open = (path = '/stock'): Promise<RawClient> => RawClient.open(running.port, path);
  const say = (client: RawClient, event: string, data?: unknown): RawClient =>
    client.write(text(JSON.stringify({ event, data })));

  async function hear(client: RawClient): Promise<unknown> {
    const { opcode, fin, payload } = await client.readFrame();
    expect([opcode, fin]).toEqual([1, true]);
    return JSON.parse(payload.toString());
  }

  it.each<[string, unknown, unknown[]]>([
    ['value', undefined, [{ event: 'value', data: 42 }]],
    ['promise', { a: ['é', null] }, [{ event: 'promise', data: { a: ['é', null] } }]],
    ['stream', undefined, [1, 2, 3].map((data) => ({ event: 'stream', data }))],
    ['socket', { name: 'you' }, [{ event: 'hello', data: 'you' }]],
    ['guarded', { ticket: true }, [{ event: 'guarded', data: 'welcome' }]],
    ['piped', '  x ', [{ event: 'piped', data: 'x' }]],
    ['number', { id: '41' }, [{ event: 'number', data: 42 }]],
    ['filtered', undefined, [{ event: 'filtered', data: 'of the wrong type' }]],
    ['shout', 'hey', [{ event: 'shout', data: 'HEY' }]],
  ])('answers the event %j with %j', async (event, data, answers) => {
    const client = await open();
    say(client, event, data);
    for (const answer of answers) {
      expect(await hear(client)).toEqual(answer);
    }
    say(client, 'value');
    expect(await hear(client)).toEqual({ event: 'value', data: 42 });
    expect(running.logger.alarms).toEqual([]);
  });

  itWhereNestSendsExceptions.each<[string, unknown, string]>([
    ['exception', undefined, 'not so'],
    ['guarded', { ticket: false }, 'Forbidden resource'],
    ['number', { id: 'x' }, 'Internal server error'],
    ['broken stream', undefined, 'broken stream'],
  ])('reports the exception of %j to the client, and continues', async (event, data, message) => {
    const client = await open();
    say(client, event, data);
    const { event: name, data: exception } = (await hear(client)) as WsResponse<{ status: string; message: string }>;
    expect(name).toBe('exception');
    expect(exception.status).toBe('error');
    expect(exception.message).toBe(message);
    say(client, 'value');
    expect(await hear(client)).toEqual({ event: 'value', data: 42 });
  });

  it('sends binary data as a binary message', async () => {
    const client = await open();
    say(client, 'binary');
    expect(await client.readFrame()).toEqual({ opcode: 2, fin: true, payload: Buffer.from([1, 2, 3]) });
  });

  it.each<[string, Buffer]>([
    ['that is not JSON', text('{')],
    ['that is empty', text('')],
    ['that is null', text('null')],
    ['that is not an object', text('42')],
    ['without an event', text('{"data":1}')],
    ['of an unknown event', text('{"event":"unknown","data":1}')],
    ['of an event with the name of an object’s method', text('{"event":"toString"}')],
    ['of bytes that are not JSON', clientFrame({ opcode: 2, payload: Buffer.from([0xff, 0x00]) })],
    ['whose handler returns nothing', text('{"event":"nothing"}')],
  ])('does not answer a message %s, and logs nothing', async (_what, bytes) => {
    const client = await open();
    client.write(bytes);
    say(client, 'value');
    expect(await hear(client)).toEqual({ event: 'value', data: 42 });
    expect(running.logger.alarms).toEqual([]);
  });

  it('accepts JSON in binary and in fragmented messages', async () => {
    const client = await open();
    client.write(clientFrame({ opcode: 2, payload: '{"event":"value"}' }));
    expect(await hear(client)).toEqual({ event: 'value', data: 42 });
    client.write(clientFrame({ opcode: 1, payload: '{"event":', fin: false }));
    client.write(clientFrame({ opcode: 0, payload: '"value"}' }));
    expect(await hear(client)).toEqual({ event: 'value', data: 42 });
  });

  it('answers a thousand simultaneous messages in order', async () => {
    const client = await open();
    client.write(
      Buffer.concat(Array.from({ length: 1000 }, (_, data) => text(JSON.stringify({ event: 'promise', data })))),
    );
    for (let data = 0; data < 1000; data++) {
      expect(await hear(client)).toEqual({ event: 'promise', data });
    }
  });

  it('broadcasts to all clients through its server', async () => {
    const clients = [await open(), await open(), await open()];
    say(clients[0], 'all', 'news');
    for (const client of clients) {
      expect(await hear(client)).toEqual({ event: 'all', data: 'news' });
    }
    clients[0].socket.end(close(1000));
    await clients[0].readToEnd();
    say(clients[1], 'all', 'more');
    expect(await hear(clients[2])).toEqual({ event: 'all', data: 'more' });
    expect(gateway().server.clients.size).toBe(2);
  });

  it('calls its hooks and emits the events of its clients in the order of ws', async () => {
    const client = await open('/STOCK/?room=1');
    const [webSocket] = gateway().server.clients;
    const closed = once(webSocket, 'close');
    say(client, 'ping');
    expect(await client.readFrame()).toEqual({ opcode: 9, fin: true, payload: Buffer.from('are you there?') });
    client.write(Buffer.concat([clientFrame({ opcode: 10, payload: 'yes' }), close(1000)]));
    await client.readClose();
    client.socket.end();
    await closed;
    await turn();
    expect(gateway().calls).toEqual([
      ['afterInit', true],
      ['handleConnection', true, '/STOCK/?room=1'],
      ['message', '{"event":"ping"}', false],
      ['event', '{"event":"ping"}'],
      ['pong', 'yes'],
      ['handleDisconnect', true],
    ]);
  });

  it.each([
    [1000, 'bye'],
    [4001, ''],
  ])('closes a client with %d %j', async (code, reason) => {
    const client = await open();
    say(client, 'close', { code, reason });
    expect(await client.readClose()).toEqual({ status: code, reason });
    client.write(close(code));
    expect(await client.readToEnd()).toHaveLength(0);
  });

  itWhereNestSendsExceptions(
    'reports an exception to the client for a close with an invalid status, and stays open',
    async () => {
      const client = await open();
      say(client, 'close', { code: 1006, reason: '' });
      expect(await hear(client)).toMatchObject({ event: 'exception' });
      say(client, 'value');
      expect(await hear(client)).toEqual({ event: 'value', data: 42 });
    },
  );

  it('terminates a client without a close frame', async () => {
    const client = await open();
    say(client, 'terminate');
    expect(await client.readToEnd()).toHaveLength(0);
  });

  it.each<[string, Buffer, number | undefined]>([
    ['a close', close(3000, 'bye'), 3000],
    ['a close without a status', close(), undefined],
    ['an unmasked frame', clientFrame({ opcode: 1, masked: false }), 1002],
    ['text that is no UTF-8', text(Buffer.from([0xff])), 1007],
    ['a message of 1001 bytes where 1000 are taken', text('x'.repeat(1001)), 1009],
    [
      'an unmasked message in two fragments',
      Buffer.concat([text('x'.repeat(600), false), clientFrame({ opcode: 0, payload: 'x'.repeat(600) })]),
      1009,
    ],
  ])('answers %s, and logs nothing above debug', async (_what, bytes, status) => {
    const other = await open();
    const client = await open();
    const [, webSocket] = gateway().server.clients;
    const closed = once(webSocket, 'close');
    const disconnects = (): number => gateway().calls.filter(([name]) => name === 'handleDisconnect').length;
    client.write(bytes);
    expect((await client.readClose()).status).toBe(status);
    client.socket.end(close(status));
    await closed;
    await turn();
    expect(disconnects()).toBe(1);
    expect(running.logger.alarms).toEqual([]);
    say(other, 'value');
    expect(await hear(other)).toEqual({ event: 'value', data: 42 });
  });

  it('works with the ws client', async () => {
    const client = new WebSocket(`ws://${running.host}/stock`);
    await once(client, 'open');
    client.send(JSON.stringify({ event: 'promise', data: 'é' }));
    const [answer, isBinary] = (await once(client, 'message')) as [Buffer, boolean];
    expect([JSON.parse(String(answer)), isBinary]).toEqual([{ event: 'promise', data: 'é' }, false]);
    client.close(1000);
    await once(client, 'close');
  });
});

describe.each(platforms)('On %s, the message parser of the adapter', (_name, createAdapter) => {
  it('parses the messages of stock gateways, as in WsAdapter', async () => {
    @WebSocketGateway({ path: '/words' })
    class WordsGateway {
      @SubscribeMessage('say')
      say(@MessageBody() words: string): WsResponse<string> {
        return { event: 'said', data: words };
      }
    }

    const app = await NestFactory.create(
      { module: WordsGateway, imports: [WebSocketsModule.forRoot()], providers: [WordsGateway] },
      createAdapter(),
      { logger: false },
    );
    const messageParser = (bytes: unknown): { event: string; data: string } => {
      const [event, data] = String(bytes).split(' ');
      return { event, data };
    };
    app.useWebSocketAdapter(new WebSocketsAdapter(app, { messageParser }));
    await app.listen(0, '127.0.0.1');
    const client = await RawClient.open(Number(new URL(await app.getUrl()).port), '/words');
    client.write(text('say hello'));
    expect((await client.readFrame()).payload.toString()).toBe('{"event":"said","data":"hello"}');
    await endRawClients();
    await app.close();
  });
});

describe.each(platforms)('On %s, a gateway without @SubscribeMessage', (_name, createAdapter) => {
  afterEach(endRawClients);

  it('that has handleConnection is a stock gateway: it stays open after the hook returns', async () => {
    @WebSocketGateway({ path: '/listening' })
    class ListeningGateway {
      @WebSocketServer() readonly server!: GatewayServer<WsCompatibleClient>;
      readonly ends: unknown[] = [];

      handleConnection(client: WsCompatibleClient): void {
        client.on('message', (data: Buffer, isBinary: boolean) => client.send(data, { binary: isBinary }));
      }

      handleDisconnect(client: WsCompatibleClient): void {
        this.ends.push(client.readyState);
      }
    }

    const { app, port, logger } = await startGateways(createAdapter, [ListeningGateway]);
    const client = await RawClient.open(port, '/listening');
    for (const sent of ['one', '{"event":"nobody","data":1}']) {
      client.write(text(sent));
      expect((await client.readFrame()).payload.toString()).toBe(sent);
    }
    const closed = once([...app.get(ListeningGateway).server.clients][0], 'close');
    client.write(close(1000));
    expect(await client.readClose()).toEqual({ status: 1000, reason: '' });
    await closed;
    expect(app.get(ListeningGateway).ends).toEqual([WebSocket.CLOSED]);
    expect(logger.alarms).toEqual([]);
    await endRawClients();
    await app.close();
  });

  it('that has no handlers accepts, and answers pings and the close', async () => {
    @WebSocketGateway({ path: '/empty' })
    class EmptyGateway {}

    const { app, port, logger } = await startGateways(createAdapter, [EmptyGateway]);
    const client = await RawClient.open(port, '/empty');
    client.write(Buffer.concat([text('x'), clientFrame({ opcode: 9 }), close(3000)]));
    expect((await client.readFrame()).opcode).toBe(10);
    expect(await client.readClose()).toEqual({ status: 3000, reason: '' });
    expect(logger.alarms).toEqual([]);
    await endRawClients();
    await app.close();
  });
});

describe.each(platforms)('On %s, errors of a stock gateway', (_name, createAdapter) => {
  afterEach(endRawClients);

  /** A gateway whose hooks the test controls. */
  @WebSocketGateway({ path: '/hooks' })
  class HooksGateway {
    @WebSocketServer() readonly server!: WsServer;
    connect: (client: WebSocket) => unknown = () => {};
    disconnect: () => unknown = () => {};

    handleConnection(client: WebSocket): unknown {
      return this.connect(client);
    }

    handleDisconnect(): unknown {
      return this.disconnect();
    }

    @SubscribeMessage('value')
    value(): WsResponse<number> {
      return { event: 'value', data: 42 };
    }
  }

  const failures: [string, () => unknown][] = [
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    ['rejects later', () => turn().then(() => Promise.reject(new Error('broken')))],
  ];

  it.each(failures)('in handleConnection close with 1011 and are logged once: the hook %s', async (_how, fail) => {
    const { app, port, logger } = await startGateways(createAdapter, [HooksGateway]);
    const gateway = app.get(HooksGateway);
    const other = await RawClient.open(port, '/hooks');
    gateway.connect = fail;
    const client = await RawClient.open(port, '/hooks');
    expect(await client.readClose()).toEqual({ status: 1011, reason: '' });
    expect(logger.alarms).toEqual([
      {
        level: 'error',
        text: expect.stringMatching(/^HooksGateway\.handleConnection failed: Error: broken\nError: broken\n\s+at /),
      },
    ]);
    other.write(text('{"event":"value"}'));
    expect((await other.readFrame()).payload.toString()).toBe('{"event":"value","data":42}');
    await endRawClients();
    await app.close();
  });

  it.each(failures)('in handleDisconnect are logged once: the hook %s', async (_how, fail) => {
    const { app, port, logger } = await startGateways(createAdapter, [HooksGateway]);
    const gateway = app.get(HooksGateway);
    const failed = new Promise<void>((resolve) => {
      gateway.disconnect = async () => {
        await turn();
        resolve();
        return fail();
      };
    });
    const client = await RawClient.open(port, '/hooks');
    client.socket.end(close(1000));
    await failed;
    await turn();
    await turn();
    expect(logger.alarms).toEqual([
      { level: 'error', text: expect.stringMatching(/^HooksGateway\.handleDisconnect failed: Error: broken\n/) },
    ]);
    await endRawClients();
    await app.close();
  });

  it.each<[string, (client: WebSocket, fail: () => unknown) => unknown]>([
    ['a client', (client, fail) => client.on('message', fail)],
    ['a client, as in browsers', (client, fail) => client.addEventListener('message', fail)],
  ])('in a listener of %s close with 1011 and are logged once', async (_what, listen) => {
    for (const [, fail] of failures) {
      const { app, port, logger } = await startGateways(createAdapter, [HooksGateway]);
      app.get(HooksGateway).connect = (client) => void listen(client, fail);
      const client = await RawClient.open(port, '/hooks');
      client.write(text('x'));
      expect(await client.readClose()).toEqual({ status: 1011, reason: '' });
      expect(logger.alarms).toHaveLength(1);
      await endRawClients();
      await app.close();
    }
  });

  it('in a listener of the server close with 1011 and are logged once', async () => {
    const { app, port, logger } = await startGateways(createAdapter, [HooksGateway]);
    app.get(HooksGateway).server.on('connection', () => {
      throw new Error('broken');
    });
    expect(await (await RawClient.open(port, '/hooks')).readClose()).toEqual({ status: 1011, reason: '' });
    expect(logger.alarms).toHaveLength(1);
    await endRawClients();
    await app.close();
  });

  it('in the JSON conversion of an answer do not affect other messages', async () => {
    @WebSocketGateway({ path: '/unwritable' })
    class UnwritableGateway {
      @SubscribeMessage('big')
      big(): unknown {
        return { event: 'big', data: 5n };
      }

      @SubscribeMessage('small')
      small(): unknown {
        return { event: 'small' };
      }
    }

    const { app, port, logger } = await startGateways(createAdapter, [UnwritableGateway]);
    const client = await RawClient.open(port, '/unwritable');
    client.write(text('{"event":"big"}'));
    client.write(text('{"event":"small"}'));
    expect((await client.readFrame()).payload.toString()).toBe('{"event":"small"}');
    expect(logger.alarms).toEqual([{ level: 'error', text: expect.stringContaining('serialize a BigInt') }]);
    await endRawClients();
    await app.close();
  });

  it('in a gateway with one instance per client are handled in the same way', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class PerClient {}

    @WebSocketGateway({ path: '/scoped' })
    class ScopedGateway {
      constructor(@Inject(PerClient) readonly perClient: PerClient) {}

      async handleConnection(): Promise<void> {
        await Promise.reject(new Error(`broken, with ${this.perClient.constructor.name}`));
      }

      async handleDisconnect(): Promise<void> {
        await Promise.reject(new Error('broken'));
      }

      @SubscribeMessage('value')
      value(): WsResponse<number> {
        return { event: 'value', data: 42 };
      }
    }

    const { app, port, logger } = await startGateways(createAdapter, [PerClient, ScopedGateway]);
    const client = await RawClient.open(port, '/scoped');
    expect(await client.readClose()).toEqual({ status: 1011, reason: '' });
    expect(logger.alarms).toEqual([
      {
        level: 'error',
        text: expect.stringContaining('ScopedGateway.handleConnection failed: Error: broken, with PerClient'),
      },
    ]);
    await endRawClients();
    await app.close();
  });
});

describe.each(platforms)('On %s, several stock gateways', (_name, createAdapter) => {
  afterEach(endRawClients);

  function answering(event: string, path?: string, port?: number): Type {
    class AnsweringGateway {
      readonly connected: unknown[] = [];

      handleConnection(client: unknown): void {
        this.connected.push(client);
      }

      answer(): WsResponse<string> {
        return { event, data: `of ${event}` };
      }
    }
    SubscribeMessage(event)(
      AnsweringGateway.prototype,
      'answer',
      Object.getOwnPropertyDescriptor(AnsweringGateway.prototype, 'answer') as PropertyDescriptor,
    );
    const options = path === undefined ? {} : { path };
    (port === undefined ? WebSocketGateway(options) : WebSocketGateway(port, options))(AnsweringGateway);
    return AnsweringGateway;
  }

  async function ask(client: RawClient, event: string): Promise<string> {
    client.write(text(JSON.stringify({ event })));
    return (await client.readFrame()).payload.toString();
  }

  it.each([
    ['/shared', '/shared', '/shared'],
    ['/shared', 'SHARED/', '/Shared'],
    ['', '/', '/'],
    [undefined, '/', '/'],
  ])('may share a path, written as %j and as %j', async (first, second, path) => {
    const gateways = [answering('one', first), answering('two', second)];
    const { app, port } = await startGateways(createAdapter, gateways);
    const client = await RawClient.open(port, path);
    expect(await ask(client, 'one')).toBe('{"event":"one","data":"of one"}');
    expect(await ask(client, 'two')).toBe('{"event":"two","data":"of two"}');
    for (const gateway of gateways) {
      expect(app.get<{ connected: unknown[] }>(gateway).connected).toHaveLength(1);
    }
    await endRawClients();
    await app.close();
  });

  it('may have separate paths', async () => {
    const { app, port } = await startGateways(createAdapter, [answering('x', '/one'), answering('x', '/two')]);
    for (const path of ['/one', '/two']) {
      const client = await RawClient.open(port, path);
      expect(await ask(client, 'x')).toBe('{"event":"x","data":"of x"}');
    }
    await endRawClients();
    await app.close();
  });

  it('cannot share the path of a raw gateway', async () => {
    @WebSocketGateway({ path: '/shared' })
    class RawGateway {
      handleWebSocket(): void {}
    }

    const app = await createNestApp(createAdapter, { providers: [answering('x', '/Shared'), RawGateway] });
    await expect(app.init()).rejects.toMatchObject({
      code: 'WS_GATEWAY_CONFLICT',
      message: expect.stringContaining('RawGateway has handleWebSocket and so needs a path of its own'),
    });
    await app.close();
  });

  it.each([['/own'], [undefined]])('may have their own port, as with WsAdapter, at %j', async (path) => {
    const port = await freePort();
    const running = await startGateways(createAdapter, [answering('own', path, port), answering('x', '/own')]);
    const client = new WebSocket(`ws://localhost:${port}${path ?? ''}`);
    await once(client, 'open');
    client.send('{"event":"own"}');
    expect(String(((await once(client, 'message')) as [Buffer])[0])).toBe('{"event":"own","data":"of own"}');
    expect(await ask(await RawClient.open(running.port, '/own'), 'x')).toBe('{"event":"x","data":"of x"}');
    const closed = once(client, 'close');
    await endRawClients();
    await running.app.close();
    await closed;
  });

  it('cannot have namespaces, and the error names the alternative', async () => {
    const gateway = answering('x', '/x');
    WebSocketGateway({ path: '/x', namespace: 'chat' })(gateway);
    const app = await createNestApp(createAdapter, { providers: [gateway] });
    await expect(app.init()).rejects.toThrow('the option namespace cannot be used: use a path of its own');
    await app.close();
  });
});
