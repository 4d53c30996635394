import {
  Controller,
  Get,
  Injectable,
  Module,
  RequestTimeoutException,
  UnauthorizedException,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { EventEmitter, once } from 'node:events';
import { catchError, finalize, map, of, throwError, timeout, type Observable } from 'rxjs';
import { WebSockets, WebSocketsModule, type WebSocketConnection, type WebSocketManager } from 'nest-raw-websockets';
import { handshakeTransports, type HandshakeAnswer, type HandshakeApp } from '../support/handshake-transports.js';
import { endHttp2Clients } from '../support/http2-client.js';
import { endRawClients } from '../support/raw-client.js';
import { close, text } from '../libs/websockets/protocol/client-frame.js';

/** The events, in their order. */
class Diary extends EventEmitter {
  readonly entries: string[] = [];
  latest: WebSocketConnection | undefined;

  note(entry: string): void {
    this.entries.push(entry);
    this.emit(entry);
  }

  clear(): void {
    this.entries.length = 0;
  }
}

/** An interceptor that a header controls, and that records its actions. */
@Injectable()
abstract class Interceptor implements NestInterceptor {
  abstract readonly name: string;

  constructor(private readonly diary: Diary) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    this.diary.note(`${this.name} before`);
    switch (headers[`x-${this.name}`]) {
      case 'throw':
        throw new UnauthorizedException('Not you.');
      case 'map':
        return next.handle().pipe(map((result) => ({ wrapped: result })));
      case 'swallow':
        return next.handle().pipe(catchError((error: Error) => of(error.message)));
      case 'time out':
        return next.handle().pipe(
          timeout(1),
          catchError(() => throwError(() => new RequestTimeoutException())),
          finalize(() => this.diary.note(`${this.name} timed out`)),
        );
      default:
        return next
          .handle()
          .pipe(finalize(() => this.diary.note(`${this.name} after, ${this.diary.latest?.state ?? 'no socket'}`)));
    }
  }
}

@Injectable()
class GlobalInterceptor extends Interceptor {
  readonly name = 'global';
}

@Injectable()
class ImportedInterceptor extends Interceptor {
  readonly name = 'imported';
}

/** Global, but registered only after `useWebSockets(app)`. */
@Injectable()
class LateInterceptor extends Interceptor {
  readonly name = 'late';
}

@Injectable()
class LocalInterceptor extends Interceptor {
  readonly name = 'local';
}

/** A separate module, which may be scanned after the library's module. */
@Module({ providers: [Diary, { provide: APP_INTERCEPTOR, useClass: ImportedInterceptor }], exports: [Diary] })
class DiaryModule {}

@Controller('echo')
@UseInterceptors(LocalInterceptor)
class EchoController {
  constructor(private readonly diary: Diary) {}

  @Get()
  async echo(@WebSockets() webSockets: WebSocketManager): Promise<string> {
    const webSocket = (this.diary.latest = webSockets.accept());
    for await (const { data } of webSocket.messages()) {
      if (data === 'throw') {
        throw new Error('thrown by the method');
      }
      await webSocket.send(data);
    }
    this.diary.note('method done');
    return 'what nobody hears';
  }
}

describe.each(handshakeTransports)('Over %s, an interceptor', (_name, start) => {
  let nest: HandshakeApp;
  let diary: Diary;

  beforeAll(async () => {
    const parts = {
      imports: [WebSocketsModule.forRoot(), DiaryModule],
      controllers: [EchoController],
      providers: [LocalInterceptor, { provide: APP_INTERCEPTOR, useClass: GlobalInterceptor }],
    };
    nest = await start(parts, (app) => app.useGlobalInterceptors(new LateInterceptor(app.get(Diary))));
    diary = nest.app.get(Diary);
  });
  beforeEach(() => diary.clear());
  afterEach(async () => {
    await endRawClients();
    await endHttp2Clients();
  });
  afterAll(() => nest.app.close());

  /** Opens a WebSocket, and verifies its echo. */
  async function open(headers = {}): Promise<HandshakeAnswer['client']> {
    const { isAccepted, client } = await nest.shakeHands('/echo', headers);
    expect(isAccepted).toBe(true);
    await expectEcho(client);
    return client;
  }

  async function expectEcho(client: HandshakeAnswer['client']): Promise<void> {
    client.write(text('hello'));
    expect((await client.readFrame()).payload.toString()).toBe('hello');
  }

  it('runs before and after the method: a global one, after the end of the WebSocket', async () => {
    const client = await open();
    const after = once(diary, 'global after, closed');
    client.write(close(1000, 'bye'));
    expect(await client.readClose()).toEqual({ status: 1000, reason: 'bye' });
    client.end();
    await after;
    expect(diary.entries).toEqual([
      'global before',
      'imported before',
      'late before',
      'local before',
      'method done',
      'local after, closeReceived',
      'late after, closeReceived',
      'imported after, closed',
      'global after, closed',
    ]);
  });

  it.each(['X-Global', 'X-Imported', 'X-Late', 'X-Local'])('named by %s may refuse the handshake', async (header) => {
    const answer = await nest.shakeHands('/echo', { [header]: 'throw' });
    expect(answer.status).toBe(401);
    expect(JSON.parse(answer.body)).toMatchObject({ message: 'Not you.' });
    expect(diary.latest?.state).not.toBe('open');
  });

  it.each(['X-Global', 'X-Imported', 'X-Late', 'X-Local'])(
    'named by %s may map the result, without effect on the client',
    async (header) => {
      const client = await open({ [header]: 'map' });
      client.write(close(1000));
      expect((await client.readClose()).status).toBe(1000);
    },
  );

  it.each(['global', 'imported'])('that is %s does not end the WebSocket when it times out', async (name) => {
    const timedOut = once(diary, `${name} timed out`);
    const client = await open({ [`X-${name}`]: 'time out' });
    await timedOut;
    await expectEcho(client);
    client.write(close(1000));
    expect((await client.readClose()).status).toBe(1000);
    expect(diary.entries).toContain('method done');
  });

  it.each(['local', 'late'])('that is %s and times out ends the WebSocket, like a method that throws', async (name) => {
    const alarms = nest.logger.alarms.length;
    const { client } = await nest.shakeHands('/echo', { [`X-${name}`]: 'time out' });
    expect(await client.readClose()).toEqual({ status: 1011, reason: '' });
    expect(nest.logger.alarms.slice(alarms).map(({ text: line }) => line)).toEqual([
      expect.stringContaining('EchoController.echo failed: RequestTimeoutException') as string,
    ]);
  });

  it('of the controller may replace the error of the method', async () => {
    const alarms = nest.logger.alarms.length;
    const client = await open({ 'X-Local': 'swallow' });
    client.write(text('throw'));
    expect(await client.readClose()).toEqual({ status: 1000, reason: '' });
    expect(nest.logger.alarms).toHaveLength(alarms);
  });
});
