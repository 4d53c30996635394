import { Controller, Get, Injectable, UnauthorizedException, UseGuards, type CanActivate } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import { WebSockets, type WebSocketManager } from 'nest-raw-websockets';
import { handshakeTransports, type HandshakeApp } from '../support/handshake-transports.js';
import { endHttp2Clients } from '../support/http2-client.js';
import { endRawClients } from '../support/raw-client.js';

@Injectable()
class NobodyPasses implements CanActivate {
  canActivate(): boolean {
    throw new UnauthorizedException('Who are you?');
  }
}

@Controller()
class RoomController {
  @Get('room')
  async join(@WebSockets() webSockets: WebSocketManager): Promise<void> {
    await webSockets.accept().receive(() => {});
  }

  /** For WebSockets and for ordinary requests. */
  @Get('both')
  async both(@WebSockets() webSockets: WebSocketManager): Promise<string | void> {
    if (!webSockets.isWebSocketRequest) {
      return 'hello';
    }
    await this.join(webSockets);
  }

  @Get('guarded')
  @UseGuards(NobodyPasses)
  guarded(@WebSockets() webSockets: WebSocketManager): Promise<void> {
    return this.join(webSockets);
  }
}

@WebSocketGateway({ path: '/gateway' })
class Gateway {
  handleWebSocket(): void {}
}

describe.each(handshakeTransports)('Over %s, a handshake of an unsupported version', (name, start) => {
  let nest: HandshakeApp;
  // HTTP/2 has no Upgrade and so no 426 (RFC 9110 section 7.8).
  const isHttp2 = name.endsWith('HTTP/2');
  const refusal = {
    isAccepted: false,
    status: isHttp2 ? 400 : 426,
    headers: {
      'sec-websocket-version': '13',
      ...(isHttp2 ? {} : { upgrade: 'websocket', connection: 'close, Upgrade' }),
    },
  };

  beforeAll(async () => {
    nest = await start({ controllers: [RoomController], providers: [Gateway] });
  });
  afterEach(async () => {
    await endRawClients();
    await endHttp2Clients();
    expect(nest.logger.alarms).toEqual([]);
  });
  afterAll(() => nest.app.close());

  it.each([
    ['a controller that accepts', '/room', '8'],
    ['a controller that accepts', '/room', ''],
    ['a controller that accepts', '/room', '13, 8'],
    ['a controller that also answers ordinary requests', '/both', '7'],
    ['a gateway', '/gateway', '8'],
  ])('learns the supported version from %s at %s: %j is refused', async (_who, path, version) => {
    const answer = await nest.shakeHands(path, { 'Sec-WebSocket-Version': version });
    expect(answer).toMatchObject(refusal);
    expect(JSON.parse(answer.body)).toEqual({
      statusCode: refusal.status,
      message: `Sec-WebSocket-Version is ${JSON.stringify(version)}; this server speaks 13.`,
      error: isHttp2 ? 'Bad Request' : 'Upgrade Required',
    });
  });

  it.each([
    ['a guard', '/guarded', 401],
    ['the router', '/nowhere', 404],
  ])('is answered by %s first', async (_who, path, status) => {
    const answer = await nest.shakeHands(path, { 'Sec-WebSocket-Version': '8' });
    expect(answer.status).toBe(status);
    expect(answer.headers).not.toHaveProperty('sec-websocket-version');
  });
});
