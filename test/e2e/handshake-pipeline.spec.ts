import {
  BadRequestException,
  Catch,
  Controller,
  createParamDecorator,
  Get,
  HttpException,
  Injectable,
  NotFoundException,
  Param,
  ParseIntPipe,
  Query,
  Redirect,
  UnauthorizedException,
  UseFilters,
  UseGuards,
  UsePipes,
  type ArgumentsHost,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type PipeTransform,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import type { IncomingHttpHeaders } from 'node:http';
import { WebSockets, type WebSocketManager } from 'nest-raw-websockets';
import { handshakeTransports, type HandshakeApp } from '../support/handshake-transports.js';
import { endHttp2Clients } from '../support/http2-client.js';
import { endRawClients, type Headers } from '../support/raw-client.js';

/** The common API of Express and Fastify. */
interface Request {
  readonly headers: IncomingHttpHeaders;
  user?: string;
}
interface Reply {
  status(code: number): this;
  header(name: string, value: string): this;
  send(body: unknown): void;
}

/** Accepts two tokens: one for users, and one for known users without permission. */
@Injectable()
class TokenGuard implements CanActivate {
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    const [, token] = request.headers.authorization?.split(' ') ?? [];
    if (token === undefined) {
      throw new UnauthorizedException('Who are you?');
    }
    await Promise.resolve();
    request.user = token;
    return token !== 'banned';
  }
}

const User = createParamDecorator(
  (_data: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<Request>().user,
);

@Injectable()
class ShortPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    if (value.length > 8) {
      throw new BadRequestException('Too long.');
    }
    return value;
  }
}

class NoSuchRoom extends Error {}

/** Answers with its own status, header and body. */
@Catch(NoSuchRoom)
class NoSuchRoomFilter implements ExceptionFilter<NoSuchRoom> {
  catch(error: NoSuchRoom, host: ArgumentsHost): void {
    host.switchToHttp().getResponse<Reply>().status(418).header('X-Filter', 'here').send({ room: error.message });
  }
}

@Injectable()
class NoSatanGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToHttp().getRequest<Request>().headers['x-number'] !== '666';
  }
}

@Injectable()
class NoDaggerPipe implements PipeTransform {
  transform(value: unknown): unknown {
    if (value === '†') {
      throw new BadRequestException('No daggers.');
    }
    return value;
  }
}

class Trouble extends Error {}

@Catch(Trouble)
class TroubleFilter implements ExceptionFilter<Trouble> {
  catch(error: Trouble, host: ArgumentsHost): void {
    host.switchToHttp().getResponse<Reply>().status(409).send({ trouble: error.message });
  }
}

@Controller('rooms')
@UseFilters(NoSuchRoomFilter)
class RoomController {
  @Get('of/:user')
  @UseGuards(TokenGuard)
  guarded(@WebSockets() webSockets: WebSocketManager, @User() user: string): Promise<void> {
    return this.greet(webSockets, `user ${user}`);
  }

  @Get('redirected')
  @Redirect('/rooms/7', 307)
  redirected(): void {}

  @Get('redirected/or/not')
  @Redirect('/rooms/7', 307)
  accepted(@WebSockets() webSockets: WebSocketManager): Promise<void> {
    return this.greet(webSockets, 'not redirected');
  }

  @Get('named/:name')
  @UsePipes(ShortPipe)
  named(@Param('name') name: string, @WebSockets() webSockets: WebSocketManager): Promise<void> {
    return this.greet(webSockets, `name ${name}`);
  }

  @Get('broken')
  broken(): never {
    throw new Error('secret');
  }

  @Get('troubled')
  troubled(): never {
    throw new Trouble('as ever');
  }

  @Get(':id')
  async numbered(
    @WebSockets() webSockets: WebSocketManager,
    @Param('id', ParseIntPipe) id: number,
    @Query('key') key?: string,
  ): Promise<void> {
    if (id === 404) {
      throw new NotFoundException('There is no such room.');
    }
    if (id > 100) {
      throw new NoSuchRoom(String(id));
    }
    if (key === 'gone') {
      throw new HttpException({ gone: true }, 410);
    }
    await this.greet(webSockets, `room ${id} with ${key}`);
  }

  private async greet(webSockets: WebSocketManager, greeting: string): Promise<void> {
    const webSocket = webSockets.accept();
    await webSocket.send(greeting);
    await webSocket.receive(() => {});
  }
}

describe.each(handshakeTransports)('Over %s, a handshake', (_name, start) => {
  let nest: HandshakeApp;

  beforeAll(async () => {
    nest = await start({
      controllers: [RoomController],
      providers: [
        { provide: APP_GUARD, useClass: NoSatanGuard },
        { provide: APP_PIPE, useClass: NoDaggerPipe },
        { provide: APP_FILTER, useClass: TroubleFilter },
      ],
    });
  });
  afterEach(async () => {
    await endRawClients();
    await endHttp2Clients();
  });
  afterAll(() => nest.app.close());

  it.each<[string, string, Headers, string]>([
    ['a guard that identifies the user', '/rooms/of/me', { Authorization: 'Bearer me' }, 'user me'],
    ['a pipe that converts a parameter to a number', '/rooms/7?key=k', {}, 'room 7 with k'],
    ['a pipe for all parameters, which leaves other arguments unchanged', '/rooms/named/short', {}, 'name short'],
    ['@Redirect, which is for those that are not accepted', '/rooms/redirected/or/not', {}, 'not redirected'],
  ])('is accepted behind %s', async (_what, path, headers, greeting) => {
    const { isAccepted, client } = await nest.shakeHands(path, headers);
    expect(isAccepted).toBe(true);
    expect((await client.readFrame()).payload.toString()).toBe(greeting);
  });

  it.each<[string, string, Headers, number, object]>([
    ['a guard that throws', '/rooms/of/me', {}, 401, { message: 'Who are you?', error: 'Unauthorized' }],
    [
      'a guard that returns false',
      '/rooms/of/me',
      { Authorization: 'Bearer banned' },
      403,
      { message: 'Forbidden resource', error: 'Forbidden' },
    ],
    [
      'a pipe of a parameter',
      '/rooms/seven',
      {},
      400,
      { message: 'Validation failed (numeric string is expected)', error: 'Bad Request' },
    ],
    ['a pipe of the method', '/rooms/named/nebuchadnezzar', {}, 400, { message: 'Too long.' }],
    ['the method', '/rooms/404', {}, 404, { message: 'There is no such room.' }],
    ['the method, with its own body', '/rooms/7?key=gone', {}, 410, { gone: true }],
    ['the router', '/nowhere', {}, 404, { message: 'Cannot GET /nowhere' }],
    ['a filter of the controller', '/rooms/101', {}, 418, { room: '101' }],
    ['a global guard', '/rooms/7', { 'X-Number': '666' }, 403, { message: 'Forbidden resource' }],
    ['a global pipe', '/rooms/named/%E2%80%A0', {}, 400, { message: 'No daggers.' }],
    ['a global filter', '/rooms/troubled', {}, 409, { trouble: 'as ever' }],
  ])('is answered by %s with an ordinary response', async (_who, path, headers, status, body) => {
    const alarms = nest.logger.alarms.length;
    const answer = await nest.shakeHands(path, headers);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toMatchObject(body);
    expect(answer.headers['x-filter']).toBe(status === 418 ? 'here' : undefined);
    expect(nest.logger.alarms.slice(alarms)).toEqual([]);
  });

  it('is answered with 500, and logged once, if the method throws before it accepts', async () => {
    const alarms = nest.logger.alarms.length;
    const answer = await nest.shakeHands('/rooms/broken');
    expect(answer.status).toBe(500);
    expect(answer.body).not.toContain('secret');
    expect(nest.logger.alarms.slice(alarms).map(({ text }) => text)).toEqual([
      expect.stringContaining('secret') as string,
    ]);
  });

  it('may be redirected', async () => {
    const answer = await nest.shakeHands('/rooms/redirected');
    expect(answer).toMatchObject({ status: 307, headers: { location: '/rooms/7' } });
  });
});
