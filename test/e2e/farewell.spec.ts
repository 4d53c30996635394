import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { readAnswers, serverClose, serverFrame } from '../conformance/server-frames.js';
import { startHttpsApp } from '../support/https-app.js';
import { endRawClients, RawClient } from '../support/raw-client.js';
import { closeApps, startApp } from '../support/start-app.js';
import { binary, close, ping, pong } from '../libs/websockets/protocol/client-frame.js';

/** More than the client buffers before it reads, and less than the operating system buffers for the server. */
const MESSAGES = 300;
const message = Buffer.alloc(1000, 'x');

afterEach(endRawClients);
afterEach(closeApps);
describe.each<[string, (prepare: (app: NestFastifyApplication) => void) => Promise<Socket>]>([
  [
    'HTTP/1.1',
    async (prepare) => {
      const { hostname, port } = new URL((await startApp({}, prepare)).url);
      return connect({ host: hostname, port: Number(port) });
    },
  ],
  [
    'HTTP/1.1 and TLS',
    async (prepare) => {
      const { url, ca } = await startHttpsApp({}, prepare);
      const { hostname, port } = new URL(url);
      const socket = connectTls({ host: hostname, port: Number(port), ca });
      await once(socket, 'secureConnect');
      return socket;
    },
  ],
])('Over %s, a client that has closed before it reads', (_transport, start) => {
  it.each<[string, (socket: Socket) => Promise<unknown>]>([
    ['still answers a ping', (socket) => new Promise((resolve) => socket.write(pong('late'), resolve))],
    ['still pings', (socket) => new Promise((resolve) => socket.write(ping('late'), resolve))],
    ['ends its half', (socket) => new Promise<void>((resolve) => socket.end(resolve))],
  ])('receives all data when it %s', async (_what, act) => {
    const serverSockets: Socket[] = [];
    const socket = await start((app) => {
      app.getHttpServer().on('connection', (one: Socket) => serverSockets.push(one));
    });
    const client = new RawClient(socket);
    await client.upgrade('/ws');
    const finished = once(serverSockets[0], 'finish');
    await client.send(Buffer.concat([...Array.from({ length: MESSAGES }, () => binary(message)), close(1000, 'bye')]));
    await finished; // the operating system has taken all bytes, and has not sent most of them yet

    await act(socket);

    const echo = Array.from({ length: MESSAGES }, () => serverFrame(2, message));
    const all = Buffer.concat([...echo, serverClose(1000, 'bye')]);
    expect(readAnswers(await client.readToEnd())).toEqual(readAnswers(all));
  });
});
