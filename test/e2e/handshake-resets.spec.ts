import {
  Controller,
  Get,
  Injectable,
  Module,
  Query,
  UnauthorizedException,
  UseGuards,
  UseInterceptors,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type MiddlewareConsumer,
  type NestInterceptor,
  type NestMiddleware,
  type NestModule,
  type PipeTransform,
} from '@nestjs/common';
import { EventEmitter, once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { defer, mergeMap, type Observable } from 'rxjs';
import { WebSocketConnections, WebSockets, WebSocketsModule, type WebSocketManager } from 'nest-raw-websockets';
import { handshakeTransports, type HandshakeApp, type WaitingClient } from '../support/handshake-transports.js';
import { endHttp2Clients } from '../support/http2-client.js';
import { endRawClients } from '../support/raw-client.js';

/** Pauses a handshake at the place in its query. An exclamation mark refuses it afterwards. */
class Hold extends EventEmitter {
  async at(place: string, wanted: string | undefined): Promise<void> {
    if (wanted?.startsWith(place)) {
      this.emit('held');
      await once(this, 'released');
      if (wanted.endsWith('!')) {
        throw new UnauthorizedException();
      }
    }
  }

  release(): void {
    this.emit('released');
  }
}

const placeOf = (request: { readonly url?: string }): string | undefined => request.url?.split('?at=')[1];

@Injectable()
class HoldingMiddleware implements NestMiddleware {
  constructor(private readonly hold: Hold) {}

  async use(request: IncomingMessage, _response: ServerResponse, next: (error?: unknown) => void): Promise<void> {
    const url = (request as { originalUrl?: string }).originalUrl ?? request.url;
    await this.hold.at('middleware', placeOf({ url })).then(() => next(), next);
  }
}

@Injectable()
class HoldingGuard implements CanActivate {
  constructor(private readonly hold: Hold) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    await this.hold.at('guard', placeOf(context.switchToHttp().getRequest<IncomingMessage>()));
    return true;
  }
}

@Injectable()
class HoldingInterceptor implements NestInterceptor {
  constructor(private readonly hold: Hold) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const place = placeOf(context.switchToHttp().getRequest<IncomingMessage>());
    return defer(() => this.hold.at('interceptor', place)).pipe(mergeMap(() => next.handle()));
  }
}

@Injectable()
class HoldingPipe implements PipeTransform {
  constructor(private readonly hold: Hold) {}

  async transform(value: string): Promise<string> {
    await this.hold.at('pipe', value);
    return value;
  }
}

@Controller('held')
@UseGuards(HoldingGuard)
@UseInterceptors(HoldingInterceptor)
class HeldController {
  constructor(private readonly hold: Hold) {}

  @Get()
  async get(@Query('at', HoldingPipe) at: string, @WebSockets() webSockets: WebSocketManager): Promise<void> {
    await this.hold.at('method', at);
    const webSocket = webSockets.accept();
    this.hold.emit('accepted');
    await webSocket.send('accepted');
    await webSocket.receive(() => {});
  }
}

@Module({
  imports: [WebSocketsModule.forRoot()],
  controllers: [HeldController],
  providers: [Hold],
})
class HeldModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(HoldingMiddleware).forRoutes(HeldController);
  }
}

const places = ['middleware', 'guard', 'interceptor', 'pipe', 'method'];

describe.each(handshakeTransports)('Over %s, a client that disconnects during its handshake', (_name, start) => {
  let nest: HandshakeApp;
  let hold: Hold;

  beforeAll(async () => {
    nest = await start({ imports: [HeldModule] });
    hold = nest.app.get(Hold);
  });
  afterEach(async () => {
    await endRawClients();
    await endHttp2Clients();
  });
  afterAll(async () => {
    await nest.app.close();
    expect(nest.logger.alarms).toEqual([]);
  });

  /** Performs a handshake, and waits for the pause. Returns the client and the server's side of it. */
  async function holdUp(path: string): Promise<{ client: WaitingClient; socket: Duplex }> {
    const arrived = once(nest.app.getHttpServer() as Server, 'request') as Promise<
      [IncomingMessage | Http2ServerRequest]
    >;
    const held = once(hold, 'held');
    const client = await nest.beginHandshake(path);
    const [[request]] = await Promise.all([arrived, held]);
    return { client, socket: 'stream' in request ? request.stream : request.socket };
  }

  async function expectService(): Promise<void> {
    const { client } = await nest.shakeHands('/held');
    expect((await client.readFrame()).payload.toString()).toBe('accepted');
  }

  /** Whether the server notices before its response; it reads nothing until then. */
  const ways: [string, (client: WaitingClient) => void, isNoticed: boolean][] = [
    ['with a reset', (client) => client.reset(), true],
    ['with an end', (client) => client.destroy(), false],
  ];
  const cases = places.flatMap((place) =>
    ['lets pass', 'refuses'].flatMap((then) => ways.map((way) => [place, then, ...way] as const)),
  );

  it.each(cases)('at the %s, which then %s, leaves nothing behind %s', async (place, then, _how, leave, isNoticed) => {
    const { client, socket } = await holdUp(`/held?at=${place}${then === 'refuses' ? '!' : ''}`);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    leave(client);
    if (isNoticed) {
      await closed;
    }
    hold.release();
    await closed;
    for (let i = 0; i < 5; i++) {
      await turn(); // the rest of the pipeline runs
    }
    expect(nest.app.get(WebSocketConnections, { strict: false }).size).toBe(0);
    expect(nest.logger.alarms).toEqual([]);
    await expectService();
  });

  it.each(places)('at the %s is still accepted if it ends only its half', async (place) => {
    const { client, socket } = await holdUp(`/held?at=${place}`);
    const accepted = once(hold, 'accepted');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    client.end();
    hold.release();
    await accepted;
    await closed;
    expect(nest.logger.alarms).toEqual([]);
  });
});
