import { KeepAlive, type KeepAliveOptions } from '../../../../libs/websockets/src/connection/keep-alive.js';
import { close, ping, pong } from '../protocol/client-frame.js';
import { connect, readFrame } from '../../../support/socket-pair.js';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { jest } from '@jest/globals';

const off: KeepAliveOptions = { keepAliveInterval: 0, keepAliveTimeout: 0, receiveTimeout: 0 };

/** A keep-alive that records its actions with their times, in a clock that the test controls. */
class Diary {
  readonly entries: string[] = [];
  isFlowing = true;
  isFull = false;
  readonly keepAlive: KeepAlive;
  private readonly startedAt = performance.now();

  constructor(options: Partial<KeepAliveOptions>) {
    const note = (what: string): void =>
      void this.entries.push(`${what} at ${Math.round(performance.now() - this.startedAt)}`);
    this.keepAlive = new KeepAlive(
      { ...off, ...options },
      {
        isFlowing: () => this.isFlowing,
        sendProbe: (payload) => {
          if (!this.isFull) {
            note(`ping ${payload.readBigUInt64BE()}`);
          }
          return !this.isFull;
        },
        sendHeartbeat: () => note('pong'),
        onSilence: () => note('gave up'),
        onNoMessage: () => note('no message'),
      },
    );
  }
}

/** The round-trip time that a pong to a ping gives, in ms. */
function roundTripTime({ keepAlive }: Diary, count: number): number | undefined {
  const sentAt = keepAlive.onPong(answer(count));
  return sentAt === undefined ? undefined : performance.now() - sentAt;
}

const answer = (count: number): Buffer => {
  const payload = Buffer.alloc(8);
  payload.writeBigUInt64BE(BigInt(count));
  return payload;
};

describe('KeepAlive', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('does nothing, and has no timer, when it is off', () => {
    const diary = new Diary({});
    expect(jest.getTimerCount()).toBe(0);
    expect(diary.entries).toEqual([]);
  });

  it('pings after an idle interval, numbers the pings, and gives up when none is answered in time', () => {
    const diary = new Diary({ keepAliveInterval: 1000, keepAliveTimeout: 300 });
    jest.advanceTimersByTime(1000);
    diary.keepAlive.heard(false);
    jest.advanceTimersByTime(5000);
    expect(diary.entries).toEqual(['ping 1 at 1000', 'ping 2 at 2000', 'gave up at 2300']);
    expect(jest.getTimerCount()).toBe(0);
  });

  it.each<[string, number, number, string[]]>([
    ['shorter than', 500, 1200, ['ping 1 at 500', 'ping 2 at 1000', 'ping 3 at 1500', 'gave up at 1700']],
    ['as long as', 500, 500, ['ping 1 at 500', 'gave up at 1000']],
    ['longer than', 1000, 300, ['ping 1 at 1000', 'gave up at 1300']],
  ])('pings at each interval, even if it is %s the time-out', (_how, interval, timeout, entries) => {
    const diary = new Diary({ keepAliveInterval: interval, keepAliveTimeout: timeout });
    jest.advanceTimersByTime(60_000);
    expect(diary.entries).toEqual(entries);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('measures a round-trip time longer than the interval', () => {
    const diary = new Diary({ keepAliveInterval: 500, keepAliveTimeout: 4000 });
    jest.advanceTimersByTime(1300);
    expect(roundTripTime(diary, 1)).toBe(800);
    diary.keepAlive.stop();
  });

  it('measures another ping when the measured one has no answer within the time-out', () => {
    const diary = new Diary({ keepAliveInterval: 1000, keepAliveTimeout: 1500 });
    jest.advanceTimersByTime(1200);
    diary.keepAlive.heard(true);
    jest.advanceTimersByTime(1000);
    diary.keepAlive.heard(true);
    jest.advanceTimersByTime(1000);
    expect(diary.entries).toEqual(['ping 1 at 1000', 'ping 2 at 2200', 'ping 3 at 3200']);
    expect(roundTripTime(diary, 3)).toBe(0);
    diary.keepAlive.stop();
  });

  it('treats any byte as a sign of life, and pings only after an idle interval', () => {
    const diary = new Diary({ keepAliveInterval: 1000, keepAliveTimeout: 300 });
    for (let i = 0; i < 10; i++) {
      jest.advanceTimersByTime(900);
      diary.keepAlive.heard(true);
    }
    jest.advanceTimersByTime(1000);
    expect(diary.entries).toEqual(['ping 1 at 10000']);
    diary.keepAlive.stop();
  });

  it('sends unsolicited pongs and never gives up without a keepAliveTimeout', () => {
    const diary = new Diary({ keepAliveInterval: 1000 });
    jest.advanceTimersByTime(3500);
    expect(diary.entries).toEqual(['pong at 1000', 'pong at 2000', 'pong at 3000']);
    diary.keepAlive.stop();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('has at most one timer', () => {
    const diary = new Diary({ keepAliveInterval: 1000, keepAliveTimeout: 300, receiveTimeout: 700 });
    for (let i = 0; i < 20; i++) {
      expect(jest.getTimerCount()).toBe(1);
      jest.advanceTimersByTime(130);
      diary.keepAlive.heard(true);
    }
    diary.keepAlive.stop();
  });

  it('measures the round-trip time with the pong to its own ping only', () => {
    const diary = new Diary({ keepAliveInterval: 1000, keepAliveTimeout: 300 });
    jest.advanceTimersByTime(1000);
    jest.advanceTimersByTime(40);
    expect(roundTripTime(diary, 7)).toBeUndefined();
    expect(diary.keepAlive.onPong(Buffer.alloc(0))).toBeUndefined();
    expect(roundTripTime(diary, 1)).toBe(40);
    diary.keepAlive.stop();
  });

  it('gives up on a client that sends pongs but no message', () => {
    const diary = new Diary({ receiveTimeout: 1000 });
    jest.advanceTimersByTime(600);
    diary.keepAlive.heard(true);
    jest.advanceTimersByTime(600);
    diary.keepAlive.heard(false);
    jest.advanceTimersByTime(5000);
    expect(diary.entries).toEqual(['no message at 1600']);
  });

  it('pings while reading is paused, for the proxies in between, but does not count silence as a failure', () => {
    const diary = new Diary({ keepAliveInterval: 1000, keepAliveTimeout: 300, receiveTimeout: 2000 });
    diary.isFlowing = false;
    jest.advanceTimersByTime(3500);
    expect(diary.entries).toEqual(['ping 1 at 1000', 'ping 2 at 2000', 'ping 3 at 3000']);
    diary.keepAlive.stop();
  });

  it('does not count silence as a failure while pings cannot be sent', () => {
    const diary = new Diary({ keepAliveInterval: 1000, keepAliveTimeout: 300 });
    diary.isFull = true;
    jest.advanceTimersByTime(3500);
    diary.isFull = false;
    jest.advanceTimersByTime(2000);
    expect(diary.entries).toEqual(['ping 1 at 4000', 'gave up at 4300']);
  });
});

describe('A connection with keep-alive', () => {
  it('is kept while its peer takes nothing of what it is sent, also when a ping came before', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
    const { client, connection } = connect({ keepAliveInterval: 1000, keepAliveTimeout: 300, sendBufferSize: 0 });
    jest.advanceTimersByTime(1000);
    const sent = connection.send(Buffer.alloc(1024 * 1024));
    await nextTurn();
    jest.advanceTimersByTime(10_000);
    expect(connection.state).toBe('open');
    client.resume();
    await sent;
    jest.advanceTimersByTime(2000);
    expect(connection.state).toBe('aborted');
    jest.useRealTimers();
  });

  it('is aborted without a close frame when its peer answers no ping, and reports the reason', async () => {
    const { client, connection } = connect({ keepAliveInterval: 1, keepAliveTimeout: 1 });
    const received = connection.receive(() => {});
    await expect(received).rejects.toMatchObject({
      code: 'WS_TIMEOUT',
      message: expect.stringContaining('ping') as string,
    });
    expect(await connection.closed).toMatchObject({ by: 'timeout', status: 1006 });
    expect(await readFrame(client)).toMatchObject({ opcode: 9, payload: answer(1) });
    expect(client.read()).toBeNull();
  });

  it('reports the round-trip time after the first pong', async () => {
    const { client, connection } = connect({ keepAliveInterval: 1, keepAliveTimeout: 60_000 });
    expect(connection.roundTripTime).toBeUndefined();
    const { payload } = await readFrame(client);
    client.write(Buffer.concat([pong(payload), ping('and now')]));
    await readFrame(client);
    expect(connection.roundTripTime).toBeGreaterThan(0);
    connection.abort();
  });

  it('closes a client that sends no message, with the reason', async () => {
    const { client, connection } = connect({ receiveTimeout: 1 });
    const failure = connection.receive(() => {}).catch((error: unknown) => error);
    const { opcode, payload } = await readFrame(client);
    expect([opcode, payload.readUInt16BE(), payload.toString('utf8', 2)]).toEqual([
      8,
      1008,
      'No message came within 1 ms.',
    ]);
    client.end(close(1008));
    expect(await failure).toMatchObject({ code: 'WS_TIMEOUT', closeStatus: 1008 });
    expect(await connection.closed).toEqual({
      by: 'timeout',
      status: 1008,
      description: 'No message came within 1 ms.',
    });
  });

  it('ends its timer with the connection', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
    const { client, connection } = connect({ keepAliveInterval: 60_000 });
    expect(jest.getTimerCount()).toBe(1);
    client.destroy();
    expect(await connection.closed).toMatchObject({ by: 'transport' });
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });
});
