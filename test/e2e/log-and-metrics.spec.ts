import { Controller, Get, Param, ParseIntPipe } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import { jest } from '@jest/globals';
import {
  WebSockets,
  WebSocketsModule,
  type RawWebSocketGateway,
  type WebSocketConnection,
  type WebSocketManager,
  type WebSocketOptions,
} from 'nest-raw-websockets';
import { AccessLogModule } from '../../src/access-log/access-log.module.js';
import { Metrics } from '../../src/metrics/metrics.js';
import { MetricsModule } from '../../src/metrics/metrics.module.js';
import { clientFrame, close, text } from '../libs/websockets/protocol/client-frame.js';
import { handshakeTransports, type HandshakeApp } from '../support/handshake-transports.js';
import { endHttp2Clients } from '../support/http2-client.js';
import { endRawClients, RawClient, type Headers } from '../support/raw-client.js';
import { until } from '../support/until.js';

/** Ends connections as their message says. */
@WebSocketGateway({ path: '/ws' })
class Gateway implements RawWebSocketGateway {
  async handleWebSocket(webSocket: WebSocketConnection): Promise<void> {
    for await (const message of webSocket.messages()) {
      if (message.data === 'abort') {
        webSocket.abort();
      } else {
        await webSocket.close(1001, 'as you wish');
      }
    }
    await webSocket.close(webSocket.peerClose?.status);
  }
}

@Controller()
class RoomController {
  @Get('room/:id')
  async join(@WebSockets() webSockets: WebSocketManager, @Param('id', ParseIntPipe) id: number): Promise<void> {
    if (id === 500) {
      throw new Error('of the application');
    }
    await webSockets.accept().receive(() => {});
  }
}

/** Sends a message, if one is given, and answers the close of the server. */
const answerClose =
  (message?: string) =>
  async (client: RawClient): Promise<void> => {
    if (message !== undefined) {
      client.write(text(message));
    }
    const { status } = await client.readClose();
    client.write(close(status));
  };

type Transport = 'Fastify and HTTP/1.1' | 'Fastify and HTTP/2';

describe('The access log and the metrics', () => {
  let app: HandshakeApp;
  let metrics: Metrics;
  let written: jest.SpiedFunction<typeof process.stdout.write>;

  async function start(options: WebSocketOptions = {}, over: Transport = 'Fastify and HTTP/1.1'): Promise<void> {
    const startOver = new Map(handshakeTransports).get(over);
    metrics = new Metrics();
    const webSockets = WebSocketsModule.forRoot(options);
    app = await startOver!({
      imports: [
        webSockets,
        AccessLogModule.register({ lines: 'all', format: 'json', metrics }),
        MetricsModule.register(metrics),
      ],
      controllers: [RoomController],
      providers: [Gateway],
    });
  }
  beforeEach(() => {
    written = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  });
  afterEach(async () => {
    await endRawClients();
    await endHttp2Clients();
    await app.app.close();
    written.mockRestore();
  });

  /** The first line of an event, as soon as it is there. */
  async function logged(event: string): Promise<Record<string, unknown>> {
    const find = (): Record<string, unknown> | undefined => {
      const lines = written.mock.calls.flatMap(([chunk]) => String(chunk).trimEnd().split('\n'));
      const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      return entries.find((one) => one['event'] === event);
    };
    await until(() => find() !== undefined);
    return find()!;
  }

  /** The series of a metric that are not 0. */
  async function counted(name: string): Promise<string[]> {
    const series = (await metrics.text()).split('\n').filter((line) => line.startsWith(name) && !line.endsWith(' 0'));
    return series.map((line) => line.slice(name.length));
  }

  const shake =
    (path: string, headers?: Headers): (() => Promise<unknown>) =>
    () =>
      app.shakeHands(path, headers);

  // test/e2e/observers.spec.ts has every reason.
  it.each<[reason: string, status: number, options: WebSocketOptions, refuse: () => Promise<unknown>]>([
    ['origin', 403, { allowedOrigins: ['https://a.com'] }, shake('/ws', { Origin: 'https://evil.com' })],
    ['not-found', 404, {}, shake('/nowhere')],
    ['error', 500, {}, shake('/room/500')],
  ])('agree on a refusal because of %s', async (reason, status, options, refuse) => {
    await start(options);
    await refuse();
    await expect(logged('refused')).resolves.toMatchObject({ level: 'log', status, reason });
    await expect(counted('websocket_handshakes_refused_total')).resolves.toEqual([`{reason="${reason}"} 1`]);
  });

  it.each<[by: string, code: number, label: string, options: WebSocketOptions, end: (client: RawClient) => unknown]>([
    ['peer', 1000, '1000', {}, (client) => client.write(close(1000, 'bye'))],
    ['peer', 1005, '1005', {}, (client) => client.write(close())],
    ['peer', 4001, 'other', {}, (client) => client.write(close(4001))],
    ['server', 1001, '1001', {}, answerClose('close')],
    ['protocol', 1002, '1002', {}, (client) => client.write(clientFrame({ opcode: 3 }))],
    ['timeout', 1008, '1008', { receiveTimeout: 10 }, answerClose()],
    ['abort', 1006, '1006', {}, (client) => client.write(text('abort'))],
    ['transport', 1006, '1006', {}, (client) => client.destroy()],
  ])('agree on a close by %s with %s', async (by, code, label, options, end) => {
    await start(options);
    const client = await RawClient.open(app.port, '/ws');
    await end(client);
    const { id } = await logged('opened');
    const closed = await logged('closed');
    expect(closed).toMatchObject({ level: 'log', id, closedBy: by, closeCode: code, path: '/ws', protocol: 'h1' });
    await expect(counted('websocket_connections_closed_total')).resolves.toEqual([`{by="${by}",code="${label}"} 1`]);
    for (const [field, name] of [
      ['messagesReceived', 'websocket_received_messages_total'],
      ['bytesReceived', 'websocket_received_bytes_total'],
      ['messagesSent', 'websocket_sent_messages_total'],
      ['bytesSent', 'websocket_sent_bytes_total'],
    ]) {
      await expect(counted(name)).resolves.toEqual(closed[field] === 0 ? [] : [` ${String(closed[field])}`]);
    }
    await expect(counted('websocket_connections_by_route')).resolves.toEqual([]);
    expect(app.logger.alarms).toEqual([]);
  });

  it('agree on a connection over HTTP/2', async () => {
    await start({}, 'Fastify and HTTP/2');
    await app.shakeHands('/room/1');
    await expect(logged('opened')).resolves.toMatchObject({ protocol: 'h2', tls: 'TLSv1.3', path: '/room/1' });
    await expect(counted('websocket_connections_accepted_total')).resolves.toEqual([
      '{protocol="h2",route="/room/:id"} 1',
    ]);
  });
});
