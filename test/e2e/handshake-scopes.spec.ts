import {
  Controller,
  Get,
  Inject,
  Injectable,
  Param,
  Scope,
  UseGuards,
  UseInterceptors,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { APP_GUARD, REQUEST } from '@nestjs/core';
import type { IncomingHttpHeaders } from 'node:http';
import { finalize, type Observable } from 'rxjs';
import { WebSockets, type WebSocketManager } from 'nest-raw-websockets';
import { handshakeTransports, type HandshakeApp } from '../support/handshake-transports.js';
import { endHttp2Clients } from '../support/http2-client.js';
import { endRawClients } from '../support/raw-client.js';
import { close, text } from '../libs/websockets/protocol/client-frame.js';

let visitors = 0;

/** One instance per handshake. */
@Injectable({ scope: Scope.REQUEST })
class Visitor {
  readonly number = ++visitors;
  readonly heard: string[] = [];

  constructor(@Inject(REQUEST) private readonly request: { readonly headers: IncomingHttpHeaders }) {}

  get name(): string {
    return String(this.request.headers['x-name']);
  }
}

@Injectable({ scope: Scope.REQUEST })
class NoStrangers implements CanActivate {
  constructor(private readonly visitor: Visitor) {}

  canActivate(): boolean {
    return this.visitor.name !== 'stranger';
  }
}

@Injectable()
class NoBlanks implements CanActivate {
  constructor(private readonly visitor: Visitor) {}

  canActivate(): boolean {
    return this.visitor.name !== '';
  }
}

const farewells: string[] = [];

@Injectable()
class FarewellInterceptor implements NestInterceptor {
  constructor(private readonly visitor: Visitor) {}

  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(finalize(() => farewells.push(this.visitor.heard.join(' '))));
  }
}

@Controller('rooms')
@UseGuards(NoBlanks)
@UseInterceptors(FarewellInterceptor)
class RoomController {
  constructor(private readonly visitor: Visitor) {}

  @Get(':id')
  async join(@WebSockets() webSockets: WebSocketManager, @Param('id') id: string): Promise<void> {
    const webSocket = webSockets.accept();
    for await (const { data } of webSocket.messages()) {
      this.visitor.heard.push(String(data));
      await webSocket.send(`${this.visitor.name} in ${id}: ${this.visitor.heard.join(' ')}`);
    }
  }
}

describe.each(handshakeTransports)('Over %s, a request-scoped controller', (_name, start) => {
  let nest: HandshakeApp;

  beforeAll(async () => {
    nest = await start({
      controllers: [RoomController],
      providers: [Visitor, { provide: APP_GUARD, useClass: NoStrangers, scope: Scope.REQUEST }],
    });
  });
  afterEach(async () => {
    await endRawClients();
    await endHttp2Clients();
    expect(nest.logger.alarms).toEqual([]);
  });
  afterAll(() => nest.app.close());

  it('has one instance per WebSocket, for its lifetime', async () => {
    const before = visitors;
    const clients = await Promise.all(
      ['Alice', 'Bob'].map(async (name) => (await nest.shakeHands('/rooms/7', { 'X-Name': name })).client),
    );
    for (const word of ['one', 'two']) {
      clients.forEach((client) => client.write(text(word)));
      for (const [i, client] of clients.entries()) {
        const heard = word === 'one' ? 'one' : 'one two';
        expect((await client.readFrame()).payload.toString()).toBe(`${['Alice', 'Bob'][i]} in 7: ${heard}`);
      }
    }
    expect(visitors).toBe(before + 2);
    farewells.length = 0;
    for (const client of clients) {
      client.write(close(1000));
      expect((await client.readClose()).status).toBe(1000);
    }
    expect(farewells).toEqual(['one two', 'one two']);
  });

  it.each(['stranger', ''])('has request-scoped guards: %j is refused', async (name) => {
    expect((await nest.shakeHands('/rooms/7', { 'X-Name': name })).status).toBe(403);
  });
});
