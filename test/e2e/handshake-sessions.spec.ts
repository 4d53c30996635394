import { Controller, Get, Req, Res, type INestApplication } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import fastifyCookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import cookieSession from 'cookie-session';
import session from 'express-session';
import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { WebSockets, type WebSocketManager } from 'nest-raw-websockets';
import { handshakeTransports, type HandshakeApp } from '../support/handshake-transports.js';
import { endHttp2Clients } from '../support/http2-client.js';
import { endRawClients } from '../support/raw-client.js';
import { text } from '../libs/websockets/protocol/client-frame.js';

const secret = 'a secret that is at least 32 characters long';

/** A slow store, like a store on another machine. */
class SlowStore extends session.MemoryStore {
  saved: string[] = [];

  override set(id: string, data: session.SessionData, done?: (error?: unknown) => void): void {
    void turn().then(() => {
      this.saved.push(JSON.stringify(data));
      super.set(id, data, done);
    });
  }
}

/** A broken store. */
class BrokenStore extends SlowStore {
  override set(_id: string, _data: session.SessionData, done?: (error?: unknown) => void): void {
    void turn().then(() => done?.(new Error('The store is broken.')));
  }
}

interface WithSession {
  session?: Record<string, unknown>;
}

@Controller()
class SessionController {
  @Get('login')
  async login(@WebSockets() webSockets: WebSocketManager, @Req() request: WithSession): Promise<void> {
    if (request.session !== undefined) {
      request.session['user'] = 'me';
    }
    const webSocket = webSockets.accept();
    await webSocket.send('accepted');
    await webSocket.receive((fragment) => webSocket.send(fragment));
  }

  @Get('cookie')
  async cookie(
    @WebSockets() webSockets: WebSocketManager,
    @Res({ passthrough: true }) reply: { setCookie(name: string, value: string): void },
  ): Promise<void> {
    reply.setCookie('a', '1');
    await webSockets.accept().receive(() => {});
  }
}

type Prepare = (app: INestApplication, store: SlowStore) => unknown;

const onFastify: Prepare = async (app) => {
  await (app as NestFastifyApplication).register(fastifyCookie);
};
const fastifySessions: Prepare = async (app, store) => {
  const fastify = app as NestFastifyApplication;
  await fastify.register(fastifyCookie);
  await fastify.register(fastifySession, { secret, store, cookie: { secure: false } });
};
const expressSessions: Prepare = (app, store) =>
  app.use(session({ secret, store, resave: false, saveUninitialized: false }));
const cookieSessions: Prepare = (app) => app.use(cookieSession({ secret }));

const [fastify, express, fastifyHttp2] = handshakeTransports;

let nest: HandshakeApp;

afterEach(async () => {
  await endRawClients();
  await endHttp2Clients();
  await nest.app.close();
});
it.each([
  ['@fastify/cookie', fastify, onFastify, '/cookie', /^a=1/],
  ['@fastify/cookie', fastifyHttp2, onFastify, '/cookie', /^a=1/],
  ['@fastify/session', fastify, fastifySessions, '/login', /^sessionId=/],
  ['express-session', express, expressSessions, '/login', /^connect\.sid=/],
  ['cookie-session', express, cookieSessions, '/login', /^session=/],
] as const)(
  'A cookie of %s is sent with the handshake response',
  async (_package, [, start], prepare, path, cookie) => {
    nest = await start({ controllers: [SessionController] }, (app) => prepare(app, new SlowStore()));
    const { isAccepted, headers } = await nest.shakeHands(path);
    expect(isAccepted).toBe(true);
    expect(String(headers['set-cookie'])).toMatch(cookie);
    expect(nest.logger.alarms).toEqual([]);
  },
);

it.each([
  ['@fastify/session', fastify, fastifySessions],
  ['express-session', express, expressSessions],
] as const)(
  'A session of %s is saved before the handshake is answered, and what is sent waits for that',
  async (_package, [, start], prepare) => {
    const store = new SlowStore();
    nest = await start({ controllers: [SessionController] }, (app) => prepare(app, store));
    const { client } = await nest.shakeHands('/login', {}, text('early'));
    expect(store.saved).toEqual([expect.stringContaining('"user":"me"') as string]);
    expect((await client.readFrame()).payload.toString()).toBe('accepted');
    client.write(text('late'));
    expect((await client.readFrame()).payload.toString()).toBe('early');
    expect((await client.readFrame()).payload.toString()).toBe('late');
  },
);

it('A session that cannot be saved refuses the handshake on Fastify', async () => {
  nest = await fastify[1]({ controllers: [SessionController] }, (app) => fastifySessions(app, new BrokenStore()));
  expect(await nest.shakeHands('/login')).toMatchObject({ isAccepted: false, status: 500 });
});

it.each(handshakeTransports)('Over %s, the HTTP exchange ends when the handshake is accepted', async (name, start) => {
  nest = await start({ controllers: [SessionController] });
  const ended = new Promise<number>((resolve) =>
    (nest.app.getHttpServer() as Server).once('request', (_request, response: ServerResponse) => {
      const finished = once(response, 'finish').then(() => response.statusCode);
      response.once('close', () => void finished.then(resolve));
    }),
  );
  const { client } = await nest.shakeHands('/login');
  expect(await ended).toBe(name.endsWith('HTTP/2') ? 200 : 101);
  expect((await client.readFrame()).payload.toString()).toBe('accepted');
  client.write(text('goes on'));
  expect((await client.readFrame()).payload.toString()).toBe('goes on');
});
