// Clients that misbehave. Each function is one round of one client, and ends its connections.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { constants, deflateRawSync } from 'node:zlib';
import { Connection, connectOver, frame, handshakeHead, openSession, openSocket, OPCODE } from './connection.mjs';

const PATHS = ['/ws', '/', '/sockets', '/rpc', '/background/soak'];
const pick = (list) => list[Math.floor(Math.random() * list.length)];
const between = (low, high) => low + Math.random() * (high - low);

/** 30 MiB of zeros in 30 KiB (RFC 7692). */
const BOMB = deflateRawSync(Buffer.alloc(30 * 1024 ** 2), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);

/** Waits until a stream has closed, at most for a time in ms. Received data is discarded. */
async function closedWithin(stream, time) {
  stream.resume();
  if (!stream.closed) {
    await Promise.race([once(stream, 'close').catch(() => {}), sleep(time)]);
  }
  stream.destroy();
}

/** @throws Error unless the server closes with this code */
async function expectClose(connection, code) {
  await connection.ended();
  if (connection.closeCode !== code) {
    throw new Error(`The server closed with ${connection.closeCode ?? 'no code'}, and not with ${code}.`);
  }
}

/**
 * By name. `tools` has the server and its transports.
 *
 * A function throws if the server violates its contract.
 */
export const misbehaving = {
  async resetInFrame({ server, transports }) {
    const connection = await Connection.open(server, pick(transports), pick(PATHS));
    connection.stream.write(frame(OPCODE.binary, Buffer.alloc(70_000)).subarray(0, between(1, 60_000)));
    await sleep(between(0, 30));
    connection.cut();
  },

  async endInFrame({ server, transports }) {
    const { stream } = await Connection.open(server, pick(transports), '/ws');
    stream.end(frame(OPCODE.text, 'x'.repeat(500)).subarray(0, 100));
    await closedWithin(stream, 5000);
  },

  async resetInHandshake({ server }) {
    const socket = await openSocket(server, pick(['http', 'https']));
    const head = handshakeHead(pick(PATHS));
    socket.write(head.slice(0, between(1, head.length)));
    await sleep(between(0, 20));
    socket.destroy();
  },

  async slowHandshake({ server }) {
    const socket = await openSocket(server, pick(['http', 'https']));
    for (const character of handshakeHead('/ws').slice(0, 40)) {
      socket.write(character);
      await sleep(20);
    }
    socket.destroy();
  },

  async stalledTls({ server }) {
    const socket = net.connect(server.ports.https, '127.0.0.1').on('error', () => {});
    await once(socket, 'connect');
    socket.write(Buffer.from('16030100a5010000a10303', 'hex'));
    await sleep(between(100, 2000));
    socket.destroy();
  },

  /** The peer has vanished without FIN or RST: it does not answer pings. */
  async halfOpen({ server, transports }) {
    const { stream } = await Connection.open(server, pick(transports), pick(PATHS));
    stream.unpipe();
    stream.pause();
    await Promise.race([once(stream, 'close').catch(() => {}), sleep(8000)]);
    stream.destroy();
  },

  async halfClosed({ server }) {
    const socket = await openSocket(server, 'http', { allowHalfOpen: true });
    socket.write(handshakeHead('/ws'));
    await sleep(20);
    socket.write(frame(OPCODE.text, 'half'));
    socket.end();
    await closedWithin(socket, 8000);
  },

  /** Reads late, but receives everything. */
  async slowReader({ server, transports }) {
    const connection = await Connection.open(server, pick(transports), '/ws');
    const message = randomBytes(100_000);
    connection.stream.pause();
    for (let i = 0; i < 20; i++) {
      connection.send(OPCODE.binary, message);
    }
    await sleep(between(200, 1500)); // less than the time-out of the keep-alive
    connection.stream.resume();
    for (let i = 0; i < 20; i++) {
      const echo = await connection.next();
      if (echo === undefined || Buffer.compare(echo.data, message) !== 0) {
        throw new Error(`A slow reader lost echo ${i + 1} of 20.`);
      }
    }
    await connection.close();
  },

  async garbageHttp({ server }) {
    const socket = await openSocket(server, pick(['http', 'https']));
    socket.write(randomBytes(between(1, 4000)));
    await closedWithin(socket, 2000);
  },

  async garbageTls({ server }) {
    const socket = net.connect(server.ports.https, '127.0.0.1').on('error', () => {});
    await once(socket, 'connect');
    socket.write(randomBytes(500));
    await closedWithin(socket, 2000);
  },

  async garbageFrames({ server, transports }) {
    const { stream } = await Connection.open(server, pick(transports), pick(PATHS));
    stream.unpipe();
    stream.write(randomBytes(between(1, 4000)));
    await closedWithin(stream, 4000);
  },

  async unmaskedFrame({ server, transports }) {
    const connection = await Connection.open(server, pick(transports), pick(PATHS));
    connection.send(OPCODE.text, 'not masked', { mask: false });
    await expectClose(connection, 1002);
  },

  async brokenText({ server, transports }) {
    const connection = await Connection.open(server, pick(transports), pick(PATHS));
    connection.send(OPCODE.text, Buffer.from([0xff]));
    await expectClose(connection, 1007);
  },

  /** A message that exceeds MAX_MESSAGE_SIZE when it is decompressed. At these paths the server does not send first. */
  async bomb({ server, transports }) {
    const offer = { 'Sec-WebSocket-Extensions': 'permessage-deflate' };
    const connection = await Connection.open(server, pick(transports), pick(['/rpc', '/sockets']), offer);
    connection.stream.write(frame(OPCODE.text, BOMB, { rsv1: true }));
    await expectClose(connection, 1009);
  },

  async bodyThatStops({ server }) {
    const socket = await openSocket(server, pick(['http', 'https']));
    socket.write('POST /ws HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n');
    socket.write(Buffer.alloc(200_000, 32));
    await sleep(between(50, 500));
    socket.destroy();
  },

  async answersUnread({ server }) {
    const socket = await openSocket(server, pick(['http', 'https']));
    socket.pause();
    socket.write('GET /swagger-json HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(100));
    await sleep(between(100, 1000));
    socket.destroy();
  },

  async resetStreams({ server, transports }) {
    if (transports.includes('h2')) {
      const session = await openSession(server);
      for (let i = 0; i < 50 && !session.destroyed; i++) {
        connectOver(session, pick(PATHS)).close();
      }
      await sleep(between(0, 200));
      session.destroy();
    }
  },
};
