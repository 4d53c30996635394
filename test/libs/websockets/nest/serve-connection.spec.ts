import { Logger } from '@nestjs/common';
import { callHandler, runHandler, serveConnection } from '../../../../libs/websockets/src/nest/serve-connection.js';
import { WebSocketError } from '../../../../libs/websockets/src/connection/web-socket-error.js';
import { RecordingLogger } from '../../../support/nest-app.js';
import { clientFrame, close } from '../protocol/client-frame.js';
import { connect, readFrame, type ConnectedPair } from '../../../support/socket-pair.js';

let logger: RecordingLogger;
beforeEach(() => Logger.overrideLogger((logger = new RecordingLogger())));

async function readCloseStatus({ client }: ConnectedPair): Promise<number | undefined> {
  const { opcode, payload } = await readFrame(client);
  expect(opcode).toBe(8);
  return payload.length === 0 ? undefined : payload.readUInt16BE();
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: (() => void) | undefined;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve: () => resolve?.() };
}

describe('serveConnection', () => {
  it('closes with 1000 when the handler returns without closing', async () => {
    const pair = connect();
    const served = serveConnection(
      pair.connection,
      'A handler',
      callHandler(async () => {
        await pair.connection.send('bye');
      }),
    );
    expect((await readFrame(pair.client)).payload.toString()).toBe('bye');
    expect(await readCloseStatus(pair)).toBe(1000);
    pair.client.end(close(1000));
    await served;
    expect(await pair.connection.closed).toMatchObject({ by: 'server', status: 1000 });
    expect(logger.lines).toEqual([]);
  });

  it.each<[string, string, (pair: ConnectedPair) => unknown]>([
    ['has not used its WebSocket', 'without having used its WebSocket', () => {}],
    [
      'does not wait for receive()',
      'while its WebSocket was being received',
      ({ connection }) => void connection.receive(() => {}),
    ],
  ])('warns once about a handler that %s when it returns', async (_how, what, handler) => {
    for (let i = 0; i < 2; i++) {
      const pair = connect();
      const served = serveConnection(
        pair.connection,
        `Handler that returned ${what}`,
        callHandler(() => handler(pair)),
      );
      expect(await readCloseStatus(pair)).toBe(1000);
      pair.client.end(close(1000));
      await served;
    }
    expect(logger.alarms).toEqual([
      {
        level: 'warn',
        text: expect.stringContaining(
          `returned ${what}, which closed it: the promise of a handler is the life of its connection.`,
        ),
      },
    ]);
  });

  it('keeps the connection open while the handler runs', async () => {
    const pair = connect();
    const { promise, resolve: finish } = deferred();
    const served = serveConnection(
      pair.connection,
      'A handler',
      callHandler(() => promise),
    );
    pair.client.write(clientFrame({ opcode: 9 }));
    expect((await readFrame(pair.client)).opcode).toBe(10);
    expect(pair.connection.state).toBe('open');
    finish();
    expect(await readCloseStatus(pair)).toBe(1000);
    pair.client.end(close(1000));
    await served;
  });

  it.each([
    [1000, 'bye'],
    [1001, ''],
    [4999, 'mine'],
    [undefined, ''],
  ])("answers a peer's close with %p %j with the same status and reason", async (status, reason) => {
    const pair = connect();
    const served = serveConnection(
      pair.connection,
      'A handler',
      callHandler(() => pair.connection.receive(() => {})),
    );
    pair.client.end(close(status, reason));
    const { opcode, payload } = await readFrame(pair.client);
    expect(opcode).toBe(8);
    expect(payload).toEqual(
      status === undefined
        ? Buffer.alloc(0)
        : Buffer.concat([Buffer.from([status >> 8, status & 255]), Buffer.from(reason)]),
    );
    await served;
    expect(await pair.connection.closed).toEqual({ by: 'peer', status, description: reason });
  });

  it.each<[string, () => Promise<void>]>([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    ['rejects later', () => new Promise((_resolve, reject) => setImmediate(() => reject(new Error('broken'))))],
  ])('closes with 1011 when the handler %s, and logs the error once with its stack', async (_how, handler) => {
    const pair = connect();
    const served = serveConnection(pair.connection, 'The handler', callHandler(handler));
    expect(await readCloseStatus(pair)).toBe(1011);
    pair.client.end(close(1011));
    await served;
    expect(logger.lines).toEqual([
      {
        level: 'error',
        text: expect.stringMatching(
          /^The handler failed: Error: broken\nError: broken\n\s+at .*serve-connection\.spec\.ts/,
        ),
      },
    ]);
  });

  it('keeps the close of the handler, even if the handler throws afterwards', async () => {
    const pair = connect();
    const served = serveConnection(
      pair.connection,
      'The handler',
      callHandler(() => {
        void pair.connection.close(4000);
        return Promise.reject(new Error('broken'));
      }),
    );
    expect(await readCloseStatus(pair)).toBe(4000);
    pair.client.end(close(4000));
    await served;
    expect(logger.alarms).toHaveLength(1);
  });

  it.each<[string, (pair: ConnectedPair) => void]>([
    ['disconnects without a close', ({ client }) => void client.end()],
    ['is lost', ({ client }) => void client.destroy()],
    ['violates the protocol', ({ client }) => void client.end(clientFrame({ opcode: 3 }))],
    ['is aborted', ({ connection }) => connection.abort()],
  ])('logs nothing above debug when the peer %s', async (_what, act) => {
    const pair = connect();
    const served = serveConnection(
      pair.connection,
      'A handler',
      callHandler(() => pair.connection.receive(() => {})),
    );
    act(pair);
    pair.client.resume();
    await served;
    expect(logger.lines.map(({ level }) => level)).toEqual(['debug']);
  });

  it.each([[{ closeTimeout: 0 }]])('ends even if the peer never closes, with the options %p', async (options) => {
    const pair = connect(options);
    await serveConnection(
      pair.connection,
      'A handler',
      callHandler(() => Promise.resolve()),
    );
    expect(await pair.connection.closed).toMatchObject({ by: 'timeout' });
  });
});

describe('runHandler', () => {
  it('returns whether the handler succeeded', async () => {
    expect(await runHandler('A handler', () => Promise.resolve())).toBe(true);
    expect(await runHandler('A handler', () => Promise.reject(new Error('broken')))).toBe(false);
  });

  it('starts the handler at once', () => {
    let started = false;
    void runHandler('A handler', async () => Promise.resolve((started = true)));
    expect(started).toBe(true);
  });

  it.each<[unknown, string]>([
    ['a string', "'a string'"],
    [undefined, 'undefined'],
    [{ code: 5 }, '{ code: 5 }'],
    [Object.create(null), '[Object: null prototype] {}'],
  ])('handles a thrown %p, and logs it', async (thrown, shown) => {
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors
    expect(await runHandler('The handler', () => Promise.reject(thrown))).toBe(false);
    expect(logger.lines).toEqual([{ level: 'error', text: expect.stringContaining(`The handler failed: ${shown}`) }]);
  });

  it.each([
    ['WS_ABORTED', 'debug'],
    ['WS_CLOSED_PREMATURELY', 'debug'],
    ['WS_MESSAGE_TOO_BIG', 'debug'],
    ['WS_PROTOCOL_ERROR', 'debug'],
    ['WS_TIMEOUT', 'debug'],
    ['WS_INVALID_CLOSE', 'error'],
    ['WS_INVALID_DATA', 'error'],
    ['WS_ALREADY_RECEIVING', 'error'],
  ] as const)('logs %s as %s', async (code, level) => {
    await runHandler('The handler', () => Promise.reject(new WebSocketError(code, 'What was wrong.')));
    expect(logger.lines).toEqual([{ level, text: expect.stringMatching(/^The handler.*What was wrong\./s) }]);
  });
});
