import { once } from 'node:events';
import type { WebSocket } from 'ws';
import { endClients, eventsOf, runClient, startClient } from '../../support/console-client.js';
import { closeTerminals, describeInTerminal, openTerminal } from '../../support/terminal.js';
import { closeWebSocketServers, echo, startWebSocketServer } from '../../support/web-socket-server.js';

const time = String.raw`[\d.]+ m?s`;

afterEach(endClients);
afterEach(closeWebSocketServers);

describe('In ping mode the client', () => {
  /** The URL of an echo. */
  let echoUrl: string;

  beforeEach(async () => {
    ({ url: echoUrl } = await startWebSocketServer(echo));
  });

  it('prints a line for each echo, and statistics at the end', async () => {
    const { code, stdout, stderr } = await runClient([echoUrl, '--count', '3', '--interval', '10ms']);

    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      new RegExp(
        [
          ...[1, 2, 3].map((number) => `^32 bytes from ${echoUrl}: seq=${number} time=${time}$`),
          `^--- ${echoUrl} ---$`,
          '^3 sent, 3 received, 0 lost \\(0%\\)$',
          `^round trip: min ${time}, median ${time}, p99 ${time}, max ${time}\n$`,
        ].join('\n'),
        'm',
      ),
    );
  });

  it.each([
    ['--size', ['--size', '1KiB'], 1024, false],
    ['--size 0', ['--size', '0'], 0, false],
    ['--binary', ['--binary', '--size', '300'], 300, true],
  ])('sends messages according to %s', async (_, options, size, binary) => {
    const { url, server } = await startWebSocketServer(() => {});
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    startClient([url, '--count', '1', ...options]);
    const [webSocket] = await connected;
    const [data, isBinary] = (await once(webSocket, 'message')) as [Buffer, boolean];

    expect([data.length, isBinary]).toEqual([size, binary]);
  });

  it('waits for each echo with --interval 0', async () => {
    let waiting = 0;
    const most: number[] = [];
    const { url } = await startWebSocketServer((webSocket) =>
      webSocket.on('message', (data) => {
        most.push(++waiting);
        setImmediate(() => {
          waiting--;
          webSocket.send(data, { binary: false });
        });
      }),
    );

    expect((await runClient([url, '-c', '50', '-i', '0', '--verify'])).code).toBe(0);
    expect(new Set(most)).toEqual(new Set([1]));
  });

  it('keeps one listener per event, however many echoes it waits for', async () => {
    // Node.js warns on stderr about more than ten listeners.
    expect(await startClient([echoUrl, '-c', '100', '-i', '0']).exit).toMatchObject({ code: 0, stderr: '' });
  });

  it('counts lost messages', async () => {
    const { url } = await startWebSocketServer((webSocket) => webSocket.once('message', () => webSocket.send('x')));

    const { code, stdout } = await runClient([url, '-c', '4', '-i', '1ms', '--quiet-period', '500ms']);

    expect(code).toBe(0);
    expect(stdout).toContain('4 sent, 1 received, 3 lost (75%)\n');
  });

  it('exits with 4 when all messages are lost', async () => {
    const { url } = await startWebSocketServer(() => {});

    const { code, stdout } = await runClient([url, '-c', '2', '-i', '1ms', '--quiet-period', '200ms']);

    expect(code).toBe(4);
    expect(stdout).toContain('2 sent, 0 received, 2 lost (100%)\n');
  });

  it('shows no times with --no-echo, because messages are not answers then', async () => {
    const { code, stdout } = await runClient([echoUrl, '-c', '2', '-i', '0', '--no-echo', '--quiet-period', '500ms']);

    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('2 sent, 2 received, 0 lost (0%)');
  });

  it.each([
    ['is missing', () => {}],
    ['differs', (webSocket: WebSocket) => webSocket.send('x')],
  ])('exits with 4 when an echo %s, with --verify', async (_, answer) => {
    const { url } = await startWebSocketServer((webSocket) => webSocket.on('message', () => answer(webSocket)));

    expect((await runClient([url, '-c', '1', '--quiet-period', '200ms', '--verify'])).code).toBe(4);
  });

  it('exits with 3 when the server closes before all messages are sent', async () => {
    const { url } = await startWebSocketServer((webSocket) => webSocket.once('message', () => webSocket.close(1000)));

    expect((await runClient([url, '-c', '1000', '-i', '10ms'])).code).toBe(3);
  });

  it('runs until Ctrl+C without --count, and then prints its statistics', async () => {
    const { child, exit, said } = startClient([echoUrl, '--interval', '10ms']);
    await said('stdout', 'seq=3');
    child.kill('SIGINT');

    const { code, stdout } = await exit;
    expect(code).toBe(0);
    expect(stdout).toMatch(/\n\d+ sent, \d+ received, \d+ lost \(.+%\)\nround trip: .+\n$/);
  });

  it('prints JSON objects with --json', async () => {
    const events = eventsOf(await runClient([echoUrl, '-c', '2', '-i', '10ms', '--json']));

    expect(events.map(({ type }) => type)).toEqual(['open', 'echo', 'echo', 'close', 'summary']);
    expect(events[1]).toMatchObject({ sequence: 1, size: 32, rtt: expect.any(Number) });
    expect(events[4]).toMatchObject({ sent: 2, received: 2, lost: 0, median: expect.any(Number) });
  });
});

describeInTerminal('nest-ws-echo client --count on a terminal', () => {
  afterEach(closeTerminals);

  it('does not prompt for input', async () => {
    const { url } = await startWebSocketServer(echo);
    const terminal = openTerminal([url, '--count', '1']);

    expect(await terminal.exit()).toBe(0);
    expect(terminal.output).toContain('1 sent, 1 received, 0 lost (0%)');
    expect(terminal.output).not.toContain('Type a message');
  });
});
