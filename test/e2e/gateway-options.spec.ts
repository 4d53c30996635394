import { Module, type INestApplication, type Provider, type Type } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { WebSocketsModule, type VerifyClient } from 'nest-raw-websockets';
import { createNestApp, startGateways, type NestApp } from '../support/nest-app.js';
import { platforms } from '../support/platforms.js';
import { endRawClients, RawClient } from '../support/raw-client.js';
import { text } from '../libs/websockets/protocol/client-frame.js';

/** A stock gateway with options. */
function stock(options: Record<string, unknown>, port = 0): Type {
  @WebSocketGateway(port, { path: '/stock', ...options })
  class StockGateway {
    @SubscribeMessage('x')
    answer(): void {}
  }
  return StockGateway;
}

/** A raw gateway with options. */
function raw(options: Record<string, unknown>, port = 0): Type {
  @WebSocketGateway(port, { path: '/raw', ...options })
  class RawGateway {
    async handleWebSocket(webSocket: { receive(onFragment: () => void): Promise<unknown> }): Promise<void> {
      await webSocket.receive(() => {});
    }
  }
  return RawGateway;
}

@WebSocketGateway({ path: '/other' })
class OtherGateway {
  handleConnection(): void {}
}

interface Outcome {
  readonly status: number;
  readonly protocol?: string;
  readonly body?: unknown;
  readonly headers?: IncomingMessage['headers'];
}

describe.each(platforms)('On %s, the options of a gateway', (_name, createAdapter) => {
  let running: NestApp | undefined;
  afterEach(async () => {
    await endRawClients();
    await running?.app.close();
    running = undefined;
  });

  /** The result for a client of `ws`: the status of a refusal with its body and headers, or the subprotocol. */
  async function outcome(path: string, protocols?: string[]): Promise<Outcome> {
    const client = new WebSocket(`ws://${running?.host}${path}`, protocols, { origin: 'http://client.com' });
    return new Promise<Outcome>((resolve, reject) => {
      client.once('error', reject);
      client.once('open', () => {
        client.close();
        resolve({ status: 101, protocol: client.protocol });
      });
      client.once('unexpected-response', (_request, response) => {
        void response.toArray().then((chunks) => {
          const body: unknown = JSON.parse(Buffer.concat(chunks as Buffer[]).toString());
          resolve({ status: response.statusCode ?? 0, body, headers: response.headers });
        });
      });
    });
  }

  describe.each([
    ['stock', stock],
    ['raw', raw],
  ])('that is %s:', (kind, gateway) => {
    it.each<[string, VerifyClient, number, string | undefined]>([
      ['returns true', () => true, 101, undefined],
      ['returns false', () => false, 401, 'Unauthorized'],
      ['returns a promise of true', () => Promise.resolve(true), 101, undefined],
      ['returns a promise of false', () => Promise.resolve(false), 401, 'Unauthorized'],
      ['calls back with true', (_info, callback) => callback(true), 101, undefined],
      ['calls back with false', (_info, callback) => callback(false), 401, 'Unauthorized'],
      ['calls back later', (_info, callback) => void setImmediate(() => callback(false, 403)), 403, 'Forbidden'],
      ['calls back with a message', (_info, callback) => callback(false, 402, 'Pay first.'), 402, 'Pay first.'],
      ['calls back with true and false', (_info, callback) => (callback(true), callback(false)), 101, undefined],
    ])('verifyClient that %s', async (_how, verifyClient, status, message) => {
      running = await startGateways(createAdapter, [gateway({ verifyClient })]);
      const { status: actual, body } = await outcome(`/${kind}`);
      expect([actual, (body as { message?: string } | undefined)?.message]).toEqual([status, message]);
      expect(running.logger.alarms).toEqual([]);
    });

    it('verifyClient may send headers with its refusal, and receives the request', async () => {
      const infos: unknown[] = [];
      const verifyClient: VerifyClient = ({ origin, secure, req }, callback) => {
        infos.push([origin, secure, req.url]);
        callback(false, 429, 'Later.', { 'Retry-After': 7 });
      };
      running = await startGateways(createAdapter, [gateway({ verifyClient })]);
      const { status, headers } = await outcome(`/${kind}?token=1`);
      expect([status, headers?.['retry-after']]).toEqual([429, '7']);
      expect(infos).toEqual([['http://client.com', false, `/${kind}?token=1`]]);
    });

    it.each<[string, VerifyClient, string]>([
      [
        'throws',
        () => {
          throw new Error('broken');
        },
        'broken',
      ],
      ['rejects', () => Promise.reject(new Error('broken')), 'broken'],
      ['rejects before it calls back', (_info, _callback) => Promise.reject(new Error('broken')), 'broken'],
      ['refuses with 200', (_info, callback) => callback(false, 200), 'was given the code 200; 300 to 599'],
      ['sends a malformed header', (_info, callback) => callback(false, 401, '', { 'X-A': 'a\r\nb' }), 'X-A'],
    ])('verifyClient that %s is answered with 500, and logged once', async (_how, verifyClient, message) => {
      running = await startGateways(createAdapter, [gateway({ verifyClient })]);
      expect((await outcome(`/${kind}`)).status).toBe(500);
      expect(running.logger.alarms).toEqual([
        { level: 'error', text: expect.stringMatching(new RegExp(`verifyClient failed: .*${message}`)) },
      ]);
    });

    it('handleProtocols selects the subprotocol if the client offers any', async () => {
      const calls: unknown[][] = [];
      const handleProtocols = (protocols: Set<string>, { url }: IncomingMessage): string => {
        calls.push([[...protocols], url]);
        return 'b';
      };
      running = await startGateways(createAdapter, [gateway({ handleProtocols })]);
      expect(await outcome(`/${kind}`, ['a', 'b'])).toEqual({ status: 101, protocol: 'b' });
      expect(await outcome(`/${kind}`)).toEqual({ status: 101, protocol: '' });
      expect(calls).toEqual([[['a', 'b'], `/${kind}`]]);
    });

    it.each<[string, () => unknown, string]>([
      [
        'throws',
        () => {
          throw new Error('broken');
        },
        'broken',
      ],
      ['selects a subprotocol that was not offered', () => 'c', 'but the client offers a'],
    ])('handleProtocols that %s is answered with 500, and logged once', async (_how, handleProtocols, message) => {
      running = await startGateways(createAdapter, [gateway({ handleProtocols })]);
      expect((await outcome(`/${kind}`, ['a'])).status).toBe(500);
      expect(running.logger.alarms).toEqual([
        { level: 'error', text: expect.stringMatching(new RegExp(`the handshake failed: .*${message}`)) },
      ]);
    });

    it('override those of the module for its own connections only', async () => {
      running = await startGateways(createAdapter, [gateway({ dangerousEnableCompression: true }), OtherGateway]);
      const extensionsAt = async (path: string): Promise<string> => {
        const client = new WebSocket(`ws://${running?.host}${path}`);
        await once(client, 'open');
        client.terminate();
        return client.extensions;
      };
      expect(await extensionsAt(`/${kind}`)).toBe('permessage-deflate');
      expect(await extensionsAt('/other')).toBe('');
    });

    it('with an invalid value stop the start with an error that names the gateway', async () => {
      const type = gateway({ maxMessageSize: 0 });
      const app = await createNestApp(createAdapter, { providers: [type] });
      await expect(app.init()).rejects.toMatchObject({
        code: 'WS_INVALID_OPTION',
        message: expect.stringMatching(`^${type.name}: maxMessageSize is 0, but must be a whole number of bytes`),
      });
      await app.close();
    });

    it('that cannot be honoured stop the start', async () => {
      const app = await createNestApp(createAdapter, { providers: [gateway({ cors: true })] });
      await expect(app.init()).rejects.toMatchObject({ code: 'WS_INVALID_OPTION' });
      await app.close();
    });
  });

  it('are not necessary for a subprotocol: a stock gateway selects the first, as ws does', async () => {
    running = await startGateways(createAdapter, [stock({}), raw({})]);
    expect(await outcome('/stock', ['a', 'b'])).toEqual({ status: 101, protocol: 'a' });
  });

  it('limit messages through maxPayload', async () => {
    running = await startGateways(createAdapter, [stock({ maxPayload: 10 })]);
    const client = await RawClient.open(running.port, '/stock');
    client.write(text('12345678901'));
    expect((await client.readClose()).status).toBe(1009);
  });

  it('negotiate compression through perMessageDeflate', async () => {
    running = await startGateways(createAdapter, [stock({ perMessageDeflate: true })]);
    const client = new WebSocket(`ws://${running.host}/stock`);
    await once(client, 'open');
    expect(client.extensions).toBe('permessage-deflate');
    client.terminate();
  });

  async function failureOf(...providers: Provider[]): Promise<unknown> {
    const app: INestApplication = await createNestApp(createAdapter, { providers });
    const failure: unknown = await app.init().catch((error: unknown) => error);
    await app.close();
    return failure;
  }

  it('of a raw gateway cannot have a port', async () => {
    expect(await failureOf(raw({}, 8080))).toMatchObject({
      code: 'WS_INVALID_OPTION',
      message:
        'RawGateway has the port 8080, but a gateway with handleWebSocket can only have the port of the application. Leave the port out.',
    });
  });

  it('of a stock gateway with its own port that WsAdapter would ignore cause an error', async () => {
    expect(await failureOf(stock({ keepAliveInterval: 5 }, 8080))).toMatchObject({ code: 'WS_INVALID_OPTION' });
  });

  it('cannot apply to a raw gateway that two modules provide: the error names them', async () => {
    const gateway = raw({});
    @Module({ providers: [gateway] })
    class OneModule {}
    @Module({ providers: [gateway] })
    class OtherModule {}

    const app = await createNestApp(createAdapter, { imports: [WebSocketsModule.forRoot(), OneModule, OtherModule] });
    await expect(app.init()).rejects.toMatchObject({
      code: 'WS_GATEWAY_CONFLICT',
      message: expect.stringMatching(
        /^RawGateway is a provider of two modules, OneModule and OtherModule, so it has two instances/,
      ),
    });
    await app.close();
  });
});
