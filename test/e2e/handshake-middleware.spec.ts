import {
  Controller,
  ForbiddenException,
  Get,
  Injectable,
  Module,
  Param,
  type MiddlewareConsumer,
  type NestMiddleware,
  type NestModule,
} from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { WebSockets, WebSocketsModule, type WebSocketManager } from 'nest-raw-websockets';
import { handshakeTransports, type HandshakeApp } from '../support/handshake-transports.js';
import { endHttp2Clients } from '../support/http2-client.js';
import { endRawClients, type Headers } from '../support/raw-client.js';

/** Middleware receives the request and the response of Node.js, on Fastify as well. */
type Request = IncomingMessage & { greeting?: string };
type Next = (error?: unknown) => void;

@Injectable()
class Greeter {
  greet(name: string): string {
    return `Hello ${name}`;
  }
}

@Injectable()
class ClassMiddleware implements NestMiddleware {
  constructor(private readonly greeter: Greeter) {}

  async use(request: Request, response: ServerResponse, next: Next): Promise<void> {
    await Promise.resolve();
    if (request.headers['x-class'] === 'refuse') {
      response.writeHead(402, { 'Content-Type': 'text/plain' }).end('Pay first.');
      return;
    }
    request.greeting = this.greeter.greet(String(request.headers['x-name']));
    next();
  }
}

function functionalMiddleware(request: Request, response: ServerResponse, next: Next): void {
  response.setHeader('X-Functional', 'was here');
  switch (request.headers['x-functional']) {
    case 'refuse':
      response.writeHead(429).end('Later.');
      break;
    case 'throw':
      throw new ForbiddenException('Not by this door.');
    case 'error':
      next(new ForbiddenException('Nor by that.'));
      break;
    default:
      next();
  }
}

/** For all routes, and for unknown paths. */
function globalMiddleware(request: Request, response: ServerResponse, next: Next): void {
  response.setHeader('X-Global', request.url ?? '');
  next();
}

@Controller('rooms')
class RoomController {
  @Get(':id')
  async join(@WebSockets() webSockets: WebSocketManager, @Param('id') id: string): Promise<void> {
    const webSocket = webSockets.accept();
    await webSocket.send(id);
    await webSocket.receive(() => {});
  }
}

@Module({ controllers: [RoomController], providers: [Greeter], imports: [WebSocketsModule.forRoot()] })
class RoomModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(functionalMiddleware, ClassMiddleware).forRoutes(RoomController);
  }
}

describe.each(handshakeTransports)('Over %s, middleware', (_name, start) => {
  let nest: HandshakeApp;

  beforeAll(async () => {
    nest = await start({ imports: [RoomModule] }, (app) => app.use(globalMiddleware));
  });
  afterEach(async () => {
    await endRawClients();
    await endHttp2Clients();
    expect(nest.logger.alarms).toEqual([]);
  });
  afterAll(() => nest.app.close());

  it('passes a handshake on', async () => {
    const { isAccepted, client } = await nest.shakeHands('/rooms/7');
    expect(isAccepted).toBe(true);
    expect((await client.readFrame()).payload.toString()).toBe('7');
  });

  it.each<[string, Headers, number, string]>([
    ['a class that answers', { 'X-Class': 'refuse' }, 402, 'Pay first.'],
    ['a function that answers', { 'X-Functional': 'refuse' }, 429, 'Later.'],
    ['a function that throws', { 'X-Functional': 'throw' }, 403, 'Not by this door.'],
    ['a function that passes on an error', { 'X-Functional': 'error' }, 403, 'Nor by that.'],
  ])('may be %s', async (_what, headers, status, said) => {
    const answer = await nest.shakeHands('/rooms/7', headers);
    expect(answer).toMatchObject({ status, headers: { 'x-functional': 'was here', 'x-global': '/rooms/7' } });
    expect(answer.body).toContain(said);
  });

  it('that is global also runs for unknown paths', async () => {
    const answer = await nest.shakeHands('/nowhere');
    expect(answer).toMatchObject({ status: 404, headers: { 'x-global': '/nowhere' } });
    expect(answer.headers).not.toHaveProperty('x-functional');
  });

  it('sets headers of the accepting response', async () => {
    const { isAccepted, headers } = await nest.shakeHands('/rooms/7');
    expect(isAccepted).toBe(true);
    expect(headers).toMatchObject({ 'x-functional': 'was here', 'x-global': '/rooms/7' });
  });
});
