import { endClients, eventsOf, runClient, startClient } from '../../../support/console-client.js';
import { closeTerminals, describeInTerminal, openTerminal } from '../../../support/terminal.js';
import { closeWebSocketServers, echo, startWebSocketServer } from '../../../support/web-socket-server.js';

afterEach(endClients);
afterEach(closeWebSocketServers);

describe('--bench', () => {
  /** The URL of an echo. */
  let echoUrl: string;

  beforeEach(async () => {
    ({ url: echoUrl } = await startWebSocketServer(echo));
  });

  it('prints the results, and explains them on stderr', async () => {
    const { code, stdout, stderr } = await runClient([echoUrl, '--bench', '--duration', '300ms', '--verify']);

    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      `${echoUrl}: text messages of 32 bytes on 10 connections, 1 in flight on each (closed loop)`,
      expect.stringMatching(/^echoes {3}[1-9]\d* in [\d.]+ m?s, \d+ a second, .+ a second each way$/),
      expect.stringMatching(/^latency {2}min .+ p50 .+ p90 .+ p99 .+ p99\.9 .+ p99\.99 .+ max .+ m?s$/),
      '',
    ]);
    expect(stderr).toContain('Closed loop: ');
  });

  it('keeps the given number of messages in flight on the given number of connections', async () => {
    const waiting = new Map<unknown, number>();
    const { url } = await startWebSocketServer((webSocket) => {
      waiting.set(webSocket, 0);
      webSocket.on('message', () => waiting.set(webSocket, (waiting.get(webSocket) ?? 0) + 1));
    });

    const { code, stdout } = await runClient([
      url,
      '--connections=3',
      '--in-flight=4',
      '--duration=100ms',
      '--quiet-period=100ms',
    ]);

    expect(code).toBe(4);
    expect([...waiting.values()]).toEqual([4, 4, 4]);
    expect(stdout).toContain('\nlatency  not measured: no echo arrived\nfaults   12 without an echo\n');
  });

  it('measures latency from the scheduled time of a message, even if the server stalls', async () => {
    const held: (() => void)[] = [];
    // The server answers only after the last message: the median message waits for half of the time.
    const { url } = await startWebSocketServer((webSocket) =>
      webSocket.on('message', (data) => {
        held.push(() => webSocket.send(data));
        if (held.length === 100) {
          held.forEach((answer) => answer());
        }
      }),
    );

    const run = await runClient([url, '--rate', '200', '--connections', '2', '--duration', '500ms', '--json']);
    const benchmark = eventsOf(run).at(-1) ?? {};
    const latency = benchmark['latency'] as { p50: number; max: number };

    expect(benchmark).toMatchObject({
      type: 'benchmark',
      loop: 'open',
      rate: 200,
      sent: 100,
      echoed: 100,
      unanswered: 0,
    });
    expect(latency.p50).toBeGreaterThan(240);
    expect(latency.max).toBeGreaterThan(490);
  });

  it.each([
    ['4 when an echo differs', 4, ['--verify'], 'faults   ', () => 'another text'],
    ['3 when a connection is lost', 3, [], 'connections lost', () => undefined],
  ])('exits with %s', async (_, code, options, fault, answer) => {
    const { url } = await startWebSocketServer((webSocket) =>
      webSocket.on('message', () => {
        const text = answer();
        if (text === undefined) {
          webSocket.terminate();
        } else {
          webSocket.send(text);
        }
      }),
    );

    const run = await runClient([url, '--bench', '--duration', '100ms', '--quiet-period', '100ms', ...options]);

    expect(run.code).toBe(code);
    expect(run.stdout).toContain(fault);
  });

  it('exits with 2 when it cannot connect', async () => {
    expect(await runClient(['ws://127.0.0.1:1/', '--bench'])).toMatchObject({ code: 2, stdout: '' });
  });

  it('prints the results so far on Ctrl+C', async () => {
    const { child, exit, said } = startClient([echoUrl, '--bench', '--duration', '1h', '--verify', '--json']);
    await said('stdout', '"type":"open"');
    child.kill('SIGINT');

    const run = await exit;
    expect(run.code).toBe(0);
    expect(eventsOf(run).at(-1)).toMatchObject({ type: 'benchmark', loop: 'closed', inFlight: 1, unanswered: 0 });
  });

  it('prints the results before it waits for the server to close', async () => {
    // The server reads nothing, so it does not answer a close frame either.
    const { url } = await startWebSocketServer((webSocket) => webSocket.pause());
    const { child, exit, said } = startClient([url, '--connections=2', '--duration=100ms', '--quiet-period=100ms']);
    await said('stdout', 'faults   2 without an echo\n');

    expect(child.exitCode).toBeNull();
    child.kill('SIGKILL');
    expect(await exit).toMatchObject({ signal: 'SIGKILL' });
  });
});

describeInTerminal('--bench on a terminal', () => {
  afterEach(closeTerminals);

  it('shows a progress bar, and removes it', async () => {
    const { url } = await startWebSocketServer(echo);
    const terminal = openTerminal([url, '--bench', '--duration', '500ms']);
    await terminal.shows('% | ');
    await terminal.shows(' echoes');
    await terminal.shows('latency  min');

    expect(await terminal.exit()).toBe(0);
  });
});
