import { once } from 'node:events';
import { jest } from '@jest/globals';
import { WebSocket } from 'ws';
import { scrape } from '../support/scrape.js';
import { closeApps, startApp, type RunningApp } from '../support/start-app.js';
import { until } from '../support/until.js';

describe('The access log', () => {
  let written: jest.SpiedFunction<typeof process.stdout.write>;
  beforeEach(() => {
    written = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  });
  afterEach(async () => {
    await closeApps();
    written.mockRestore();
  });

  const text = (): string => written.mock.calls.map(([chunk]) => String(chunk)).join('');
  /** The JSON lines of the access log. */
  const entries = (): Record<string, unknown>[] =>
    text()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ context }) => context === 'Access');
  const untilLines = async (count: number): Promise<Record<string, unknown>[]> => {
    await until(() => entries().length >= count);
    return entries();
  };

  const start = (environment: Record<string, string> = {}): Promise<RunningApp> =>
    startApp({ LOG_LEVEL: 'log', LOG_FORMAT: 'json', ...environment });

  /** Sends one message, and closes when its echo has come. */
  async function converse(url: string): Promise<void> {
    const webSocket = new WebSocket(url, [], {
      origin: 'https://a.com',
      headers: { 'User-Agent': 'tester \u009b' },
    });
    await once(webSocket, 'open');
    webSocket.send('the secret message');
    await once(webSocket, 'message');
    webSocket.close(1000, 'a\nb');
    await once(webSocket, 'close');
  }

  it('has a line for a connection that opens, and one when it has closed', async () => {
    const { webSocketUrl } = await start();
    await converse(`${webSocketUrl}?token=secret&room=1`);
    const common = {
      level: 'log',
      context: 'Access',
      id: expect.any(Number),
      address: '127.0.0.1',
      path: '/ws?token=***&room=***',
      protocol: 'h1',
      origin: 'https://a.com',
    };
    const [opened, closed] = await untilLines(2);
    expect(opened).toMatchObject({ ...common, event: 'opened', userAgent: 'tester \u009b' });
    expect(closed).toMatchObject({
      ...common,
      event: 'closed',
      id: opened['id'],
      duration: expect.any(Number),
      messagesReceived: 1,
      bytesReceived: 35,
      messagesSent: 1,
      bytesSent: 27,
      closedBy: 'peer',
      closeCode: 1000,
      closeReason: 'a\nb',
    });
    expect(text()).not.toContain('secret');
  });

  it('has a line for a handshake that is refused, and only those with ACCESS_LOG=refused', async () => {
    const { webSocketUrl } = await start({ ALLOWED_ORIGINS: 'https://a.com', ACCESS_LOG: 'refused' });
    await converse(webSocketUrl);
    await expect(once(new WebSocket(webSocketUrl, { origin: 'https://evil.com' }), 'open')).rejects.toThrow('403');
    const lines = await untilLines(1);
    expect(lines).toEqual([
      expect.objectContaining({ event: 'refused', status: 403, reason: 'origin', origin: 'https://evil.com' }),
    ]);
  });

  it.each<Record<string, string>>([{ ACCESS_LOG: 'off' }, { LOG_LEVEL: 'warn' }, { LOG_LEVEL: 'off' }])(
    'is empty with %j',
    async (environment) => {
      const running = await start(environment);
      await converse(running.webSocketUrl);
      await running.close();
      expect(entries()).toEqual([]);
    },
  );

  it('is text for people with LOG_FORMAT=text, and complete when the server ends', async () => {
    const running = await start({ LOG_FORMAT: 'text' });
    const webSocket = new WebSocket(running.webSocketUrl);
    await once(webSocket, 'open');
    await running.close();
    expect(text()).toMatch(/LOG \[Access\] opened {2}#\d+ +127\.0\.0\.1 +h1 - +\/ws/);
    expect(text()).toMatch(/LOG \[Access\] closed .+ by=server code=1001 reason="Server shutting down" /);
  });

  it('counts the lines that are dropped among the metrics', async () => {
    const { url } = await start();
    await expect(scrape(url)).resolves.toMatchObject({ access_log_dropped_lines_total: 0 });
  });
});
