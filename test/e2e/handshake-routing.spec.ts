import {
  Controller,
  Get,
  HostParam,
  Param,
  VERSION_NEUTRAL,
  Version,
  VersioningType,
  type INestApplication,
  type Type,
} from '@nestjs/common';
import { WebSockets, type WebSocketManager } from 'nest-raw-websockets';
import { handshakeTransports, type HandshakeApp } from '../support/handshake-transports.js';
import { endHttp2Clients } from '../support/http2-client.js';
import { endRawClients, type Headers } from '../support/raw-client.js';

async function greet(webSockets: WebSocketManager, greeting: string): Promise<void> {
  const webSocket = webSockets.accept();
  await webSocket.send(greeting);
  await webSocket.receive(() => {});
}

@Controller('rooms')
class RoomController {
  @Get([':room', ':room/seats/:seat'])
  join(@WebSockets() webSockets: WebSocketManager, @Param() params: Record<string, string>): Promise<void> {
    return greet(webSockets, Object.values(params).join(' at '));
  }

  @Get()
  root(@WebSockets() webSockets: WebSocketManager): Promise<void> {
    return greet(webSockets, 'root');
  }
}

@Controller('health')
class HealthController {
  @Get()
  watch(@WebSockets() webSockets: WebSocketManager): Promise<void> {
    return greet(webSockets, 'health');
  }
}

@Controller({ path: 'chat', version: '1' })
class FirstChatController {
  @Get()
  chat(@WebSockets() webSockets: WebSocketManager): Promise<void> {
    return greet(webSockets, 'version 1');
  }
}

@Controller({ path: 'chat', version: '2' })
class SecondChatController {
  @Get()
  chat(@WebSockets() webSockets: WebSocketManager): Promise<void> {
    return greet(webSockets, 'version 2');
  }

  @Version('3')
  @Get()
  next(@WebSockets() webSockets: WebSocketManager): Promise<void> {
    return greet(webSockets, 'version 3');
  }
}

@Controller({ path: 'status', version: VERSION_NEUTRAL })
class NeutralController {
  @Get()
  status(@WebSockets() webSockets: WebSocketManager): Promise<void> {
    return greet(webSockets, 'neutral');
  }
}

@Controller({ host: ':tenant.example.com', path: 'tenant' })
class TenantController {
  @Get()
  tenant(@WebSockets() webSockets: WebSocketManager, @HostParam('tenant') tenant: string): Promise<void> {
    return greet(webSockets, `tenant ${tenant}`);
  }
}

/** A path, headers, and the greeting there; undefined if there is none. */
type Case = readonly [path: string, headers: Headers, greeting: string | undefined];

const unversioned = [RoomController, HealthController, TenantController];
const versioned = [RoomController, FirstChatController, SecondChatController, NeutralController];

type Setting = readonly [
  name: string,
  controllers: Type[],
  prepare: (app: INestApplication) => void,
  cases: readonly Case[],
];

const settings: readonly Setting[] = [
  [
    'no settings',
    unversioned,
    () => {},
    [
      ['/rooms', {}, 'root'],
      ['/rooms?x=1', {}, 'root'],
      ['/rooms/a', {}, 'a'],
      ['/rooms/a%2Fb/seats/%C3%A9', {}, 'a/b at é'],
      ['/rooms/a/chairs/1', {}, undefined],
      ['/nowhere', {}, undefined],
      ['/', {}, undefined],
    ],
  ],
  [
    'a global prefix',
    unversioned,
    (app) => void app.setGlobalPrefix('api'),
    [
      ['/api/rooms', {}, 'root'],
      ['/api/rooms/a', {}, 'a'],
      ['/rooms', {}, undefined],
      ['/api', {}, undefined],
    ],
  ],
  [
    'a global prefix with an excluded route',
    unversioned,
    (app) => void app.setGlobalPrefix('api/v1', { exclude: ['health'] }),
    [
      ['/api/v1/rooms', {}, 'root'],
      ['/health', {}, 'health'],
      ['/api/v1/health', {}, undefined],
    ],
  ],
  [
    'versions in the path',
    versioned,
    (app) => void app.enableVersioning({ type: VersioningType.URI }),
    [
      ['/v1/chat', {}, 'version 1'],
      ['/v2/chat', {}, 'version 2'],
      ['/v3/chat', {}, 'version 3'],
      ['/v4/chat', {}, undefined],
      ['/chat', {}, undefined],
      ['/status', {}, 'neutral'],
    ],
  ],
  [
    'a prefix, and versions in the path',
    versioned,
    (app) => {
      app.setGlobalPrefix('api');
      app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
    },
    [
      ['/api/v1/chat', {}, 'version 1'],
      ['/api/v1/rooms', {}, 'root'],
      ['/api/rooms', {}, undefined],
    ],
  ],
  [
    'versions in a header',
    versioned,
    (app) => void app.enableVersioning({ type: VersioningType.HEADER, header: 'X-Version' }),
    [
      ['/chat', { 'X-Version': '1' }, 'version 1'],
      ['/chat', { 'X-Version': '2' }, 'version 2'],
      ['/chat', { 'X-Version': '4' }, undefined],
      ['/chat', {}, undefined],
      ['/status', {}, 'neutral'],
    ],
  ],
  [
    'versions in the media type',
    versioned,
    (app) => void app.enableVersioning({ type: VersioningType.MEDIA_TYPE, key: 'v=' }),
    [
      ['/chat', { Accept: 'application/json;v=1' }, 'version 1'],
      ['/chat', { Accept: 'application/json;v=2' }, 'version 2'],
    ],
  ],
  [
    'hosts',
    unversioned,
    () => {},
    [
      ['/tenant', { Host: 'alice.example.com' }, 'tenant alice'],
      ['/tenant', { Host: 'bob.example.com:8080' }, 'tenant bob'],
      ['/tenant', { Host: 'example.com' }, undefined],
      ['/tenant', { Host: 'alice.example.org' }, undefined],
      ['/rooms', { Host: 'alice.example.com' }, 'root'],
    ],
  ],
];

describe.each(handshakeTransports)('Over %s', (_name, start) => {
  describe.each(settings)('with %s, a handshake', (_what, controllers, prepare, cases) => {
    let nest: HandshakeApp;

    beforeAll(async () => {
      nest = await start({ controllers }, prepare);
    });
    afterEach(async () => {
      await endRawClients();
      await endHttp2Clients();
      // On Fastify, Nest warns about hosts: a request for another host does not reach another route.
      expect(nest.logger.alarms.filter(({ level }) => level !== 'warn')).toEqual([]);
    });
    afterAll(() => nest.app.close());

    it.each(cases)('for %s with %j reaches %p', async (path, headers, greeting) => {
      const { status, isAccepted, client } = await nest.shakeHands(path, headers);
      expect(isAccepted).toBe(greeting !== undefined);
      expect(isAccepted ? (await client.readFrame()).payload.toString() : status).toBe(greeting ?? 404);
    });
  });
});
