import { Controller, Get, Header, Injectable, Param, Res, UseGuards, type CanActivate } from '@nestjs/common';
import { setImmediate as turn } from 'node:timers/promises';
import { WebSockets, type WebSocketAcceptOptions, type WebSocketManager } from 'nest-raw-websockets';
import { handshakeTransports, type HandshakeApp } from '../support/handshake-transports.js';
import { endHttp2Clients } from '../support/http2-client.js';
import { endRawClients } from '../support/raw-client.js';
import { close, text } from '../libs/websockets/protocol/client-frame.js';

/** The common API of Express and Fastify. */
interface Reply {
  header(name: string, value: string | string[]): unknown;
}

/** Allows every request, asynchronously. */
@Injectable()
class SlowGuard implements CanActivate {
  async canActivate(): Promise<boolean> {
    await turn();
    await turn();
    return true;
  }
}

@Controller()
class AcceptingController {
  @Get('echo')
  @UseGuards(SlowGuard)
  async echo(@WebSockets() webSockets: WebSocketManager): Promise<void> {
    const webSocket = webSockets.accept();
    const peer = await webSocket.receive((fragment) => webSocket.send(fragment));
    await webSocket.close(peer.status, peer.description);
  }

  @Get('compressed')
  async compressed(@WebSockets() webSockets: WebSocketManager): Promise<void> {
    const webSocket = webSockets.accept({ dangerousEnableCompression: true, serverMaxWindowBits: 10 });
    await webSocket.receive(() => {});
  }

  @Get('pinged')
  async pinged(@WebSockets() webSockets: WebSocketManager): Promise<void> {
    await webSockets.accept({ keepAliveInterval: 1, keepAliveTimeout: 30_000 }).receive(() => {});
  }

  @Get('wrong/:option')
  wrong(@WebSockets() webSockets: WebSocketManager, @Param('option') option: string): void {
    const options: Record<string, object | null> = {
      value: { keepAliveInterval: -1 },
      unknown: { subProtocol: 'chat' },
      module: { maxConnections: 1 },
      subprotocol: { subprotocol: 'chat' },
      none: null,
    };
    webSockets.accept(options[option] as WebSocketAcceptOptions);
  }

  @Get('manual')
  async manual(@WebSockets() webSockets: WebSocketManager, @Res() _reply: Reply): Promise<void> {
    const webSocket = webSockets.accept();
    await webSocket.send('accepted');
    await webSocket.receive(() => {});
  }

  @Get('headers')
  @Header('X-Room', '7')
  @Header('Content-Type', 'text/plain')
  async headers(@WebSockets() webSockets: WebSocketManager, @Res({ passthrough: true }) reply: Reply): Promise<void> {
    reply.header('Set-Cookie', ['a=1; Secure', 'b=2']);
    await webSockets.accept().receive(() => {});
  }

  @Get('twice')
  async twice(@WebSockets() webSockets: WebSocketManager): Promise<void> {
    webSockets.accept();
    await webSockets.accept().receive(() => {});
  }

  @Get('never')
  never(@WebSockets() webSockets: WebSocketManager): object {
    return { isWebSocketRequest: webSockets.isWebSocketRequest };
  }

  @Get('without/a/word')
  silent(): void {}

  @Get('at-once')
  returning(@WebSockets() webSockets: WebSocketManager): string {
    webSockets.accept();
    return 'what nobody hears';
  }
}

describe.each(handshakeTransports)('Over %s, a controller', (name, start) => {
  let nest: HandshakeApp;

  beforeAll(async () => {
    nest = await start({ controllers: [AcceptingController] });
  });
  afterEach(async () => {
    await endRawClients();
    await endHttp2Clients();
  });
  afterAll(() => nest.app.close());

  /** The log output during `act`, from the level log upwards. */
  async function alarmsOf(act: () => Promise<void>): Promise<string[]> {
    const before = nest.logger.alarms.length;
    await act();
    return nest.logger.alarms.slice(before).map(({ text: line }) => line);
  }

  it('echoes messages that arrive together with the handshake, and all later ones', async () => {
    const early = Buffer.concat([text('one'), text('two'), text('three').subarray(0, 4)]);
    const { isAccepted, client } = await nest.shakeHands('/echo', {}, early);
    expect(isAccepted).toBe(true);
    client.write(text('three').subarray(4));
    for (const expected of ['one', 'two', 'three']) {
      expect((await client.readFrame()).payload.toString()).toBe(expected);
    }
    client.write(close(1000, 'bye'));
    expect(await client.readClose()).toEqual({ status: 1000, reason: 'bye' });
  });

  it('answers a complete conversation that arrives together with the handshake', async () => {
    const early = Buffer.concat([text('one'), close(1000, 'bye')]);
    const { client } = await nest.shakeHands('/echo', {}, early);
    expect((await client.readFrame()).payload.toString()).toBe('one');
    expect(await client.readClose()).toEqual({ status: 1000, reason: 'bye' });
  });

  it('may compress one WebSocket although the application does not', async () => {
    const offer = { 'Sec-WebSocket-Extensions': 'permessage-deflate' };
    expect((await nest.shakeHands('/compressed', offer)).headers['sec-websocket-extensions']).toBe(
      'permessage-deflate; server_max_window_bits=10',
    );
    expect((await nest.shakeHands('/echo', offer)).headers).not.toHaveProperty('sec-websocket-extensions');
  });

  it('may set the keep-alive of one WebSocket', async () => {
    const { client } = await nest.shakeHands('/pinged');
    expect((await client.readFrame()).opcode).toBe(9);
  });

  it.each([
    ['value', 'keepAliveInterval is -1, but must be a whole number of ms'],
    ['unknown', 'subProtocol is not an option; there are subprotocol, keepAliveInterval, '],
    ['module', 'maxConnections is an option of WebSocketsModule alone.'],
    ['subprotocol', "the subprotocol is 'chat', but the client offers none."],
    ['none', 'the options are null, but must be an object.'],
  ])(
    'cannot accept with an invalid option (%s): the status is 500, and the log names the fault of accept()',
    async (option, fault) => {
      const alarms = await alarmsOf(async () => {
        expect((await nest.shakeHands(`/wrong/${option}`)).status).toBe(500);
      });
      expect(alarms).toEqual([expect.stringContaining(`accept(): ${fault}`) as string]);
    },
  );

  it('sends the headers of the response with the handshake, without those of a body', async () => {
    const { isAccepted, headers } = await nest.shakeHands('/headers');
    expect(isAccepted).toBe(true);
    expect(headers).toMatchObject({ 'x-room': '7' });
    expect([headers['set-cookie']].flat().join(', ')).toBe('a=1; Secure, b=2');
    expect(headers).not.toHaveProperty('content-type');
  });

  it('that accepts twice closes with 1011, and the log states the reason', async () => {
    const alarms = await alarmsOf(async () => {
      const { isAccepted, client } = await nest.shakeHands('/twice');
      expect(isAccepted).toBe(true);
      expect(await client.readClose()).toEqual({ status: 1011, reason: '' });
    });
    expect(alarms).toEqual([expect.stringContaining('accept() was called twice for one WebSocket request.') as string]);
  });

  it('that does not accept refuses the handshake with its return value', async () => {
    const answer = await nest.shakeHands('/never');
    expect(answer.isAccepted).toBe(false);
    expect(JSON.parse(answer.body)).toEqual({ isWebSocketRequest: true });
  });

  it('that returns nothing does not accept', async () => {
    expect(await nest.shakeHands('/without/a/word')).toMatchObject({ isAccepted: false, body: '' });
  });

  it('that returns at once closes with 1000, and its return value is not sent', async () => {
    const { isAccepted, client } = await nest.shakeHands('/at-once');
    expect(isAccepted).toBe(true);
    expect(await client.readClose()).toEqual({ status: 1000, reason: '' });
  });

  it('that answers through the response object need not accept', async () => {
    const { client } = await nest.shakeHands('/manual');
    expect((await client.readFrame()).payload.toString()).toBe('accepted');
    client.write(close(1000));
    expect((await client.readClose()).status).toBe(1000);
  });

  it('recognizes an ordinary request', async () => {
    expect(await nest.get('/never')).toEqual({ status: 200, body: '{"isWebSocketRequest":false}' });
  });

  it('that accepts an ordinary request answers with 400 and an explanation for the HTTP version', async () => {
    const alarms = await alarmsOf(async () => {
      const { status, body } = await nest.get('/echo');
      expect(status).toBe(400);
      expect(JSON.parse(body)).toEqual({
        statusCode: 400,
        error: 'Bad Request',
        message: expect.stringMatching(
          name.endsWith('HTTP/2')
            ? /^Expected a WebSocket handshake: an extended CONNECT request with :protocol = websocket/
            : /^Expected a WebSocket handshake: a GET request with Connection: Upgrade/,
        ) as string,
      });
    });
    expect(alarms).toEqual([]);
  });
});
