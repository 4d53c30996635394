import { once } from 'node:events';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net';
import { jest } from '@jest/globals';
import { connectOptions } from '../../../../client/console/src/connection/connect-options.js';
import { Session, type SessionOptions } from '../../../../client/console/src/session/session.js';
import { createLabServer, encodeHeader, OPCODE, type LabServer } from '../../../../src/lab/lab-server.js';
import { endClients, eventsOf, runClient, startClient } from '../../../support/console-client.js';
import { closeWebSocketServers, echo, startWebSocketServer } from '../../../support/web-socket-server.js';

let lab: LabServer;
beforeAll(async () => {
  lab = await createLabServer();
});
afterAll(() => lab.close());

const quickly = ['--reconnect-delay', '20ms'];

afterEach(endClients);
afterEach(closeWebSocketServers);

function createSession(url: string, options: Partial<SessionOptions> = {}): Session {
  return new Session({
    connect: connectOptions(new URL(url), { connectTimeout: 0 }, {}),
    echo: true,
    verify: false,
    reconnects: 0,
    reconnectDelay: 0,
    silenceTimeout: 0,
    ...options,
  });
}

describe('--reconnect', () => {
  it('reconnects when the connection is lost, reports the reason, and sends the remaining messages', async () => {
    let connections = 0;
    const { url } = await startWebSocketServer((webSocket) => {
      connections++;
      webSocket.on('message', (data, binary) =>
        connections === 1 ? webSocket.terminate() : webSocket.send(data, { binary }),
      );
    });
    const { child, exit, said } = startClient([url, '--reconnect', ...quickly]);
    child.stdin.write('lost\n');
    await said('stderr', 'Attempt 1 to reconnect in ');
    child.stdin.end('kept\n');

    const { code, stdout, stderr } = await exit;
    expect([code, stdout]).toEqual([0, 'kept\n']);
    expect(stderr).toMatch(
      /^The connection was lost: it ended without a close frame \(1006\)\. 1 message had no echo\. Attempt 1 to reconnect in [\d.]+ ms\.\n$/,
    );
  });

  it.each([
    ['1001', 1001, 'The connection was closed with 1001.'],
    ['another status than 1000', 4000, 'The connection was closed with 4000.'],
  ])('reconnects when the server closes with %s', async (_, status, reason) => {
    const { url } = await startWebSocketServer((webSocket) => webSocket.close(status));

    const { code, stderr } = await startClient([url, '--reconnect', '2', ...quickly]).exit;

    expect(code).toBe(3);
    expect(stderr).toContain(`${reason} Attempt 2 to reconnect`);
  });

  it('exits when the server closes with 1000', async () => {
    const { url } = await startWebSocketServer((webSocket) => webSocket.close(1000));

    expect(await startClient([url, '--reconnect', ...quickly]).exit).toMatchObject({ code: 0, stderr: '' });
  });

  it('waits for a server that does not run yet', async () => {
    const { port, server } = await startWebSocketServer(echo);
    await closeWebSocketServers();
    expect(server.clients.size).toBe(0);
    const { child, exit, said } = startClient([`ws://127.0.0.1:${port}/`, '--reconnect', ...quickly]);
    child.stdin.end('hello\n');
    await said('stderr', 'the connection was refused.');
    await startWebSocketServer(echo, { port });

    expect(await exit).toMatchObject({ code: 0, stdout: 'hello\n' });
  });

  it('gives up after the given number of consecutive attempts', async () => {
    const { code, stderr } = await runClient(['ws://127.0.0.1:1/', '--reconnect', '2', ...quickly]);

    expect(code).toBe(2);
    expect(stderr.match(/Attempt \d/g)).toEqual(['Attempt 1', 'Attempt 2']);
  });

  describe('with attempts that take longer than the longest delay between them', () => {
    /** Advances the clock by this number of milliseconds. */
    let pass: (time: number) => void;
    let resetting: TcpServer | undefined;

    beforeEach(() => {
      const now = performance.now.bind(performance);
      let passed = 0;
      pass = (time) => (passed += time);
      jest.spyOn(performance, 'now').mockImplementation(() => now() + passed);
    });

    afterEach(() => {
      jest.restoreAllMocks();
      resetting?.close();
    });

    /** The announced attempts; the session is ended after a few too many. */
    async function attemptsOf(session: Session): Promise<number[]> {
      const attempts: number[] = [];
      session.on('reconnecting', ({ attempt }) => {
        if (attempts.push(attempt) > 5) {
          session.close();
        }
      });
      await session.run();
      return attempts;
    }

    it('still gives up after the given number of consecutive attempts', async () => {
      resetting = createTcpServer((socket) => {
        pass(40_000);
        socket.resetAndDestroy();
      }).listen(0, '127.0.0.1');
      await once(resetting, 'listening');
      const { port } = resetting.address() as AddressInfo;

      expect(await attemptsOf(createSession(`ws://127.0.0.1:${port}/`, { reconnects: 2 }))).toEqual([1, 2]);
    });

    it('resets the count after a connection that lasted as long', async () => {
      let connections = 0;
      const { url } = await startWebSocketServer((webSocket) => {
        webSocket.on('message', () => {
          if (++connections === 2) {
            pass(40_000);
          }
          webSocket.terminate();
        });
      });
      const session = createSession(url, { reconnects: 2 });
      session.on('open', () => void session.send({ data: Buffer.from('end'), binary: false }));

      expect(await attemptsOf(session)).toEqual([1, 1, 2]);
    });
  });

  it('exits with 3 on Ctrl+C during the delay', async () => {
    const { url } = await startWebSocketServer((webSocket) => webSocket.terminate());
    const { child, exit, said } = startClient([url, '--reconnect', '--reconnect-delay', '1h']);
    await said('stderr', 'Attempt 1');
    child.kill('SIGINT');

    expect((await exit).code).toBe(3);
  });

  it('reports an event with --json', async () => {
    const events = eventsOf(await runClient(['ws://127.0.0.1:1/', '--reconnect', '1', '--json', ...quickly]));

    expect(events).toMatchObject([
      {
        type: 'reconnecting',
        reason: expect.stringContaining('the connection was refused'),
        attempt: 1,
        delay: expect.any(Number),
      },
      { type: 'failed' },
    ]);
  });

  describe('with a server that refuses', () => {
    /** Refuses the first handshake, and accepts the next ones. */
    function refusingOnce(status: number): string {
      void lab.next((peer) => peer.refuse(status, [['Retry-After', '1']]));
      return lab.url;
    }

    it.each([429, 503])('reconnects after %i, and obeys Retry-After', async (status) => {
      const { code, stdout, stderr } = await runClient([refusingOnce(status), '--reconnect', ...quickly], 'hello\n');

      expect([code, stdout]).toEqual([0, 'hello\n']);
      expect(stderr).toContain('Attempt 1 to reconnect in 1.00 s.');
    });

    it.each([401, 403, 404])('exits after %i, which is permanent', async (status) => {
      expect((await runClient([refusingOnce(status), '--reconnect', ...quickly])).code).toBe(2);
    });
  });
});

describe('--silence-timeout', () => {
  it('gives up a connection without incoming data', async () => {
    const { url } = await startWebSocketServer(() => {});

    expect(await startClient([url, '--silence-timeout', '100ms']).exit).toMatchObject({
      code: 3,
      stderr: 'The connection was lost: nothing was received for 0.1 s (--silence-timeout) (1006).\n',
    });
  });

  it('reconnects with --reconnect', async () => {
    let connections = 0;
    const { url } = await startWebSocketServer((webSocket) => (++connections >= 2 ? webSocket.close(1000) : undefined));

    const { code, stderr } = await startClient([url, '--silence-timeout', '100ms', '--reconnect', ...quickly]).exit;

    expect(code).toBe(0);
    expect(stderr).toContain('nothing was received for 0.1 s (--silence-timeout) (1006). Attempt 1');
  });

  it('counts a ping as a sign of life', async () => {
    let pings = 0;
    const { url } = await startWebSocketServer((webSocket) => {
      const timer = setInterval(() => (++pings < 30 ? webSocket.ping() : webSocket.close(1000)), 50);
      webSocket.on('close', () => clearInterval(timer));
    });

    expect((await startClient([url, '--silence-timeout', '1s']).exit).code).toBe(0);
  });
});

describe('A session', () => {
  it('ends when the server violates the protocol, and reports how', async () => {
    const { code, stderr } = await startClient([`${lab.url}?frame=f100`]).exit;

    expect(code).toBe(3);
    expect(stderr).toContain('Invalid WebSocket frame: RSV2 and RSV3 must be clear');
  });

  it('rejects a message of more than 100 MiB, with a reason', async () => {
    const header = encodeHeader({ opcode: OPCODE.binary, length: 100 * 1024 ** 2 + 1 });

    const { code, stderr } = await startClient([`${lab.url}?frame=${header.toString('hex')}`]).exit;

    expect(code).toBe(3);
    expect(stderr).toContain('a message is larger than 100 MiB, the limit of this client');
  });

  it('buffers little unsent data for any amount of input', async () => {
    const { url } = await startWebSocketServer((webSocket) => webSocket.pause());
    const session = createSession(url);
    let waiting = (): number => 0;
    session.on('open', ({ webSocket }) => (waiting = () => webSocket.bufferedAmount));
    const running = session.run();
    const data = Buffer.alloc(16 * 1024);
    const flood = async (): Promise<void> => {
      for (let count = 0; count < 8192; count++) {
        await session.send({ data, binary: true });
      }
    };
    void flood();
    let most = 0;
    // The buffers of the system fill first, within a few turns of the event loop.
    for (let turn = 0; turn < 5_000; turn++) {
      most = Math.max(most, waiting());
      await new Promise((resolve) => setImmediate(resolve));
    }

    expect(most).toBeGreaterThan(64 * 1024);
    expect(most).toBeLessThan(128 * 1024);
    await closeWebSocketServers();
    await running;
  });

  it('yields to the event loop while it sends many short messages', async () => {
    const { url } = await startWebSocketServer(echo);
    const session = createSession(url);
    const running = session.run();
    await session.opened();
    const data = Buffer.alloc(0);
    let sent = 0;
    const flood = async (): Promise<void> => {
      // Less than a socket accepts at once.
      while (sent < 10_000 && (await session.send({ data, binary: true }))) {
        sent++;
      }
    };
    void flood();
    await new Promise((resolve) => setImmediate(resolve));

    expect(sent).toBeLessThan(10_000);
    session.close();
    await running;
  });

  it('removes its listeners when a wait for a connection ends', async () => {
    const { url } = await startWebSocketServer(echo);
    const session = createSession(url);
    const running = session.run();
    await session.opened();

    expect([session.listenerCount('open'), session.listenerCount('end')]).toEqual([0, 0]);
    session.close();
    await running;
  });
});
