import { Session, type SessionEnvironment } from '../../../../client/page/session/session.js';
import { DEFAULT_SETTINGS, type Settings } from '../../../../client/page/session/settings.js';
import { ServerWatch } from '../../../../client/page/server-view/server-watch.js';
import { ControlledSocket } from '../../../support/controlled-socket.js';

const PAGE = { protocol: 'http:', host: 'localhost:5000' };
const OWN = 'ws://localhost:5000/ws';

describe('A session', () => {
  let sockets: ControlledSocket[];
  let timers: { callback: () => void; milliseconds: number }[];
  let now: number;
  let session: Session;

  beforeEach(() => {
    sockets = [];
    timers = [];
    now = 0;
  });

  function start(settings: Partial<Settings> = {}, watch?: ServerWatch): void {
    const environment: SessionEnvironment = {
      page: PAGE,
      openSocket: () => {
        const socket = new ControlledSocket();
        sockets.push(socket);
        return socket;
      },
      now: () => now,
      wallClock: () => 1_000 + now,
      random: () => 1,
      uuid: () => 'uuid',
      explainFailure: (url) => Promise.resolve(`nothing at ${url}`),
      setTimeout: (callback, milliseconds) => {
        const timer = { callback, milliseconds };
        timers.push(timer);
        return timer;
      },
      clearTimeout: (timer) => {
        timers = timers.filter((other) => other !== timer);
      },
    };
    const listener = { onChanged() {}, onStateChanged() {}, onNotice() {}, onMessage() {} };
    session = new Session(
      environment,
      listener,
      { ...DEFAULT_SETTINGS, url: OWN, ...settings },
      watch && (() => watch),
    );
  }

  function open(settings: Partial<Settings> = {}): ControlledSocket {
    start(settings);
    session.connect();
    const socket = sockets.at(-1) ?? new ControlledSocket();
    socket.cause('open');
    return socket;
  }

  const texts = (): string[] =>
    Array.from(session.log, (entry) =>
      entry.kind === 'message' ? `${entry.from}: ${typeof entry.data === 'string' ? entry.data : 'bytes'}` : entry.text,
    );

  it('logs the opening, the messages with their round-trip times, and the close', () => {
    const socket = open({ draft: 'hello' });
    session.sendDraft();
    now = 7;
    socket.cause('message', { data: 'hello' });
    session.close();
    socket.cause('close', { code: 1000, reason: 'Closing from client' });

    expect(texts()).toEqual([
      'Connection opened',
      'Client: hello',
      'Server: hello',
      'Connection closed. Code: 1000. Reason: Closing from client',
    ]);
    expect([...session.log][0]).toMatchObject({ note: `${OWN} in 0.0 ms, subprotocol chat` });
    expect([...session.log][2]).toMatchObject({ roundTrip: 7, size: 5, time: 1_007 });
    expect(session.roundTrips.summary()).toMatchObject({ count: 1, max: 7 });
    expect(socket.calls).toEqual([
      ['send', 'hello'],
      ['close', 1000, 'Closing from client'],
    ]);
  });

  it.each<[Partial<Settings>, keyof Settings, string]>([
    [{ url: 'hello' }, 'url', 'is not a valid URL'],
    [{ subprotocols: 'a(b' }, 'subprotocols', 'is not a token'],
  ])('does not connect with %j, and names the field at fault', (settings, at, problem) => {
    start(settings);

    expect(session.connect()).toEqual({ problem: expect.stringContaining(problem), at });
    expect(session.problem).toContain(problem);
    expect(sockets).toEqual([]);
  });

  it.each<[Partial<Settings>, (session: Session) => unknown, keyof Settings]>([
    [{ closeCode: '1001' }, (one) => one.close(), 'closeCode'],
    [{ format: 'json', draft: '{' }, (one) => one.sendDraft(), 'draft'],
    [{ format: 'hex', draft: 'x' }, (one) => one.toggleRepeating(), 'draft'],
    [{ repeatTimes: '0' }, (one) => one.toggleRepeating(), 'repeatTimes'],
    [{ repeatTimes: '1.5' }, (one) => one.toggleRepeating(), 'repeatTimes'],
    [{ burstCount: '1.5' }, (one) => one.toggleBurst(), 'burstCount'],
    [{ burstSize: '1.5' }, (one) => one.toggleBurst(), 'burstSize'],
    [{ repeatInterval: '-1' }, (one) => one.toggleRepeating(), 'repeatInterval'],
    [{ burstCount: '' }, (one) => one.toggleBurst(), 'burstCount'],
    [{ burstSize: '17000000' }, (one) => one.toggleBurst(), 'burstSize'],
    [{ heartbeatInterval: '0' }, (one) => one.toggleHeartbeat(), 'heartbeatInterval'],
  ])('refuses the action with %j, and names the field at fault', (settings, act, at) => {
    const socket = open(settings);

    expect(act(session)).toEqual({ problem: expect.any(String), at });
    expect([socket.calls, session.state, timers]).toEqual([[], 'open', []]);
  });

  describe('with the server’s view', () => {
    let streams: Map<string, (event: { data?: unknown }) => void>[];

    function watched(settings: Partial<Settings> = {}): void {
      streams = [];
      const watch = new ServerWatch(
        () => {
          const listeners: (typeof streams)[number] = new Map();
          streams.push(listeners);
          return { readyState: 1, addEventListener: (kind, listener) => listeners.set(kind, listener), close() {} };
        },
        () => {},
      );
      start(settings, watch);
      session.isWatched = true;
    }

    it('is connecting while the stream opens, and can be given up', async () => {
      watched();
      session.connect();
      expect(session.state).toBe('connecting');
      session.close();
      streams[0]?.get('open')?.({});
      await Promise.resolve();

      expect([session.state, sockets, texts()]).toEqual(['ready', [], ['Gave up connecting']]);
    });

    it('opens no socket in a tab that was closed', async () => {
      watched();
      session.connect();
      session.dispose();
      streams[0]?.get('open')?.({});
      await Promise.resolve();

      expect(sockets).toEqual([]);
    });

    it.each([
      'ws://localhost:5000/lab?close=4000',
      'ws://localhost:5000/WebSocket/EchoWebSocket.ashx',
      'ws://other/ws',
    ])('connects to %s without it, and says so', (url) => {
      watched({ url });
      session.connect();

      expect([streams, sockets.length]).toEqual([[], 1]);
      expect(texts()).toEqual([expect.stringContaining("No server's view")]);
    });

    it('does not explain a failure with the refusal of an earlier attempt', async () => {
      watched();
      session.connect();
      streams[0]?.get('open')?.({});
      await Promise.resolve();
      streams[0]?.get('request')?.({ data: '{"at":1,"status":403,"message":"No"}' });
      sockets[0]?.cause('close', { code: 1006, reason: '' });
      await Promise.resolve();
      expect(texts()).toContain('Why: The server saw the handshake and answered 403: No');

      session.settings = { ...session.settings, url: 'ws://other/ws' };
      session.connect();
      sockets[1]?.cause('close', { code: 1006, reason: '' });
      await Promise.resolve();
      expect(texts()).toContain('Why: nothing at ws://other/ws');
    });
  });

  it('cancels an attempt with any close code', () => {
    start({ closeCode: '1' });
    session.connect();

    expect(session.close()).toBeUndefined();
    expect(session.state).toBe('closed');
    expect(texts()).toEqual(['Gave up connecting']);
  });

  it('explains a failure after the close', async () => {
    start();
    session.connect();
    sockets[0]?.cause('close', { code: 1006, reason: '' });
    await Promise.resolve();

    expect(texts()).toEqual([
      `Could not connect to ${OWN}.`,
      'Connection closed. Code: 1006. Reason: ',
      `Why: nothing at ${OWN}`,
    ]);
    expect(session.problem).toBe(`Could not connect to ${OWN}. nothing at ${OWN}`);
  });

  it('reconnects after a lost connection if enabled, until it is closed', () => {
    open({ reconnect: true }).cause('close', { code: 1006, reason: '' });
    expect(session.isWaitingToReconnect).toBe(true);
    expect(timers.map(({ milliseconds }) => milliseconds)).toEqual([1_000]);

    timers.shift()?.callback();
    expect(sockets).toHaveLength(2);
    sockets[1]?.cause('close', { code: 1006, reason: '' });
    expect(timers.map(({ milliseconds }) => milliseconds)).toEqual([2_000]);

    session.close();
    expect([session.isWaitingToReconnect, timers]).toEqual([false, []]);
    expect(texts().at(-1)).toBe('No further attempts');
  });

  it.each([
    ['the user closed it', true, true],
    ['reconnection is disabled', false, false],
  ])('does not reconnect when %s', (_why, reconnect, byHand) => {
    const socket = open({ reconnect });
    if (byHand) {
      session.close();
    }
    socket.cause('close', { code: 1000, reason: '' });

    expect(timers).toEqual([]);
  });

  it('fills in placeholders for each repeated message', () => {
    const socket = open({ draft: '{{n}} {{uuid}}', placeholders: true, repeatTimes: '2', repeatInterval: '5' });
    session.toggleRepeating();
    timers.shift()?.callback();

    expect(socket.calls).toEqual([
      ['send', '1 uuid'],
      ['send', '2 uuid'],
    ]);
    expect(session.progress).toBe('Repeated: 2 of 2 sent in 0.00 s.');
  });

  it('sends a burst of messages of one size', () => {
    const socket = open({ burstCount: '3', burstSize: '4' });
    session.toggleBurst();

    expect(socket.calls.map(([, data]) => data)).toEqual(['1 xx', '2 xx', '3 xx']);
  });

  it('stops a heartbeat when the connection closes', () => {
    const socket = open({ heartbeatInterval: '2' });
    session.toggleHeartbeat();
    expect(timers.map(({ milliseconds }) => milliseconds)).toEqual([2_000]);
    socket.cause('close', { code: 1001, reason: '' });

    expect([socket.calls, timers]).toEqual([[['send', 'heartbeat']], []]);
  });

  it('releases its resources when its tab is closed', () => {
    const socket = open();
    session.toggleHeartbeat();
    session.dispose();

    expect(timers).toEqual([]);
    expect(socket.calls.at(-1)).toEqual(['close']);
  });
});
