import { once } from 'node:events';
import type { WebSocket } from 'ws';
import { connectOptions } from '../../../../client/console/src/connection/connect-options.js';
import { awaitEchoes } from '../../../../client/console/src/session/await-echoes.js';
import { Session } from '../../../../client/console/src/session/session.js';
import { closeWebSocketServers, startWebSocketServer } from '../../../support/web-socket-server.js';

const patience = { echo: false, quietPeriod: 100 };
const giveUpReason = 'nothing was received for 0.1 s (--quiet-period)';
const sessions: Session[] = [];

afterEach(() => sessions.splice(0).forEach((session) => session.close()));
afterEach(closeWebSocketServers);

async function openSession(onConnection: (webSocket: WebSocket) => void): Promise<Session> {
  const { url } = await startWebSocketServer(onConnection);
  const session = new Session({
    connect: connectOptions(new URL(url), { connectTimeout: 0 }, {}),
    echo: false,
    verify: false,
    reconnects: 0,
    reconnectDelay: 0,
    silenceTimeout: 0,
  });
  sessions.push(session);
  void session.run();
  await session.opened();
  return session;
}

describe('The wait for echoes', () => {
  it('is suspended while the session is paused', async () => {
    const paused = await openSession(() => {});
    const reading = await openSession(() => {});
    paused.pause();
    let isGivenUp = false;
    const waiting = awaitEchoes(paused, patience).finally(() => (isGivenUp = true));

    // It began to wait later, for the same time.
    expect(await awaitEchoes(reading, patience)).toBe(giveUpReason);
    expect(isGivenUp).toBe(false);
    paused.resume();
    expect(await waiting).toBe(giveUpReason);
  });

  it('ends although the server sends pings', async () => {
    const session = await openSession((webSocket) => {
      const timer = setInterval(() => webSocket.ping('still here'), 5);
      webSocket.on('close', () => clearInterval(timer));
    });

    expect(await awaitEchoes(session, patience)).toBe(giveUpReason);
  });

  it('continues while a large message arrives in pieces', async () => {
    const session = await openSession((webSocket) => {
      let pieces = 0;
      const timer = setInterval(() => {
        webSocket.send('piece', { fin: ++pieces === 40 });
        if (pieces === 40) {
          clearInterval(timer);
        }
      }, 10);
    });
    const message = once(session, 'message');

    await awaitEchoes(session, patience);
    expect(await message).toMatchObject([{ data: Buffer.from('piece'.repeat(40)) }, {}]);
  });
});
