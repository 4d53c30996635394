import { once } from 'node:events';
import { Readable } from 'node:stream';
import type { WebSocket } from 'ws';
import { connectOptions } from '../../../../client/console/src/connection/connect-options.js';
import { UsageError } from '../../../../client/console/src/command-line.js';
import { pipe } from '../../../../client/console/src/pipe/pipe.js';
import { Session } from '../../../../client/console/src/session/session.js';
import { endClients, eventsOf, runClient, startClient } from '../../../support/console-client.js';
import { closeWebSocketServers, echo, startWebSocketServer } from '../../../support/web-socket-server.js';

afterEach(endClients);
afterEach(closeWebSocketServers);

describe('The client in a pipe', () => {
  /** The URL of an echo. */
  let echoUrl: string;

  beforeEach(async () => {
    ({ url: echoUrl } = await startWebSocketServer(echo));
  });

  it.each([
    ['lines', 'one\ntwo\n', 'one\ntwo\n'],
    ['a last line without a line break', 'one\ntwo', 'one\ntwo\n'],
    ['lines that end with CRLF', 'one\r\ntwo\r\n', 'one\ntwo\n'],
    ['empty lines', '\n\n', '\n\n'],
    ['characters of several bytes', 'grüße\n😀\n', 'grüße\n😀\n'],
    ['control characters, which are for the next program', '\u001b[1m\u0000\t\n', '\u001b[1m\u0000\t\n'],
    ['empty input', '', ''],
  ])('sends %s, and prints exactly the echoes', async (_, input, output) => {
    expect(await runClient([echoUrl], input)).toMatchObject({ code: 0, stdout: output, stderr: '' });
  });

  it('connects even without input, to verify that the server is running', async () => {
    const { url, server } = await startWebSocketServer(echo);
    const connected = once(server, 'connection') as Promise<[WebSocket]>;

    expect((await runClient([url])).code).toBe(0);
    await connected;
  });

  it('keeps many lines in order, and waits for the last echo', async () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}\n`).join('');

    expect(await runClient([echoUrl, '--verify'], lines)).toMatchObject({ code: 0, stdout: lines });
  });

  it('sends and prints hex with --binary', async () => {
    expect(await runClient([echoUrl, '--binary'], '00ff\n\n0x68 69\n')).toMatchObject({
      code: 0,
      stdout: '00ff\n\n6869\n',
    });
  });

  it('separates messages with NUL in both directions with --null', async () => {
    expect(await runClient([echoUrl, '--null'], 'a\nb\0\0c')).toMatchObject({
      code: 0,
      stdout: 'a\nb\0\0c\0',
    });
  });

  it('sends stdin as one message, and writes the bytes of the echo, with --input message and --output raw', async () => {
    const bytes = String.fromCharCode(...Array.from({ length: 128 }, (_, index) => index));
    const options = ['--binary', '--verify', '--input', 'message', '--output', 'raw'];

    expect(await runClient([echoUrl, ...options], bytes)).toMatchObject({ code: 0, stdout: bytes });
  });

  it('executes --input json, and waits for pongs', async () => {
    const { url, server } = await startWebSocketServer(echo);
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const lines = '{"text":"a\\nb"}\n{"binary":"ff"}\n{"ping":"hi"}\n{"close":4000,"reason":"bye"}\n';
    const run = runClient([url, '--input', 'json', '--json'], lines);
    const [webSocket] = await connected;
    const [code, reason] = (await once(webSocket, 'close')) as [number, Buffer];

    expect([code, String(reason)]).toEqual([4000, 'bye']);
    expect(eventsOf(await run).slice(1)).toMatchObject([
      { type: 'text', data: 'a\nb' },
      { type: 'binary', data: 'ff' },
      { type: 'pong', size: 2, data: 'hi', rtt: expect.any(Number) },
      { type: 'close', code: 4000, lost: 0 },
    ]);
  });

  it.each([
    [['--close-status-code', '4000'], 4000, ''],
    [['--close-status-code', '4000', '--close-reason', 'bye'], 4000, 'bye'],
    [['--close-reason', 'bye'], 1000, 'bye'],
  ])('closes according to %j', async (options, status, reason) => {
    const { url, server } = await startWebSocketServer(echo);
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const run = runClient([url, ...options]);
    const [webSocket] = await connected;
    const [code, text] = (await once(webSocket, 'close')) as [number, Buffer];

    expect([code, String(text)]).toEqual([status, reason]);
    expect((await run).code).toBe(0);
  });

  it('sends the messages of --execute before those of stdin', async () => {
    const options = ['--execute', 'one', '--execute', 'two'];

    expect(await runClient([echoUrl, ...options], 'three\n')).toMatchObject({
      code: 0,
      stdout: 'one\ntwo\nthree\n',
    });
  });

  it('sends a ping at each --ping-interval, and still ends', async () => {
    const { url, server } = await startWebSocketServer((webSocket) => {
      let pings = 0;
      webSocket.on('ping', () => {
        if (++pings === 3) {
          webSocket.send('three pings');
        }
      });
    });
    const connected = once(server, 'connection');

    const run = runClient([url, '--ping-interval', '10ms', '--json'], 'hello\n');
    await connected;

    const { code, stdout } = await run;
    expect(code).toBe(0);
    expect(stdout).toContain('"data":"three pings"');
    expect(stdout).not.toContain('"type":"pong"');
  });

  it('starts each line with the time of day with --timestamps', async () => {
    const { stdout } = await runClient([echoUrl, '--timestamps'], 'hello\n');

    expect(stdout).toMatch(/^\d\d:\d\d:\d\d\.\d{3} hello\n$/);
  });

  it('closes with 1000 "Status"', async () => {
    const { url, server } = await startWebSocketServer(echo);
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const run = runClient([url], 'hello\n');
    const [webSocket] = await connected;
    const [code, reason] = (await once(webSocket, 'close')) as [number, Buffer];

    expect([code, String(reason)]).toEqual([1000, 'Status']);
    await run;
  });

  it.each([
    ['text', [], Buffer.from([0x61, 0xff, 0x0a]), 'error: Line 1 of stdin is not UTF-8'],
    [
      'hex',
      ['--binary'],
      Buffer.from('00\nxyz\n'),
      'error: Line 2 of stdin is not hexadecimal, which --binary needs: "xyz"',
    ],
  ])('exits with 1 for a line of invalid %s, and closes the connection', async (_, options, input, message) => {
    const { url, server } = await startWebSocketServer(echo);
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const run = runClient([url, ...options], input);
    const [webSocket] = await connected;
    const [status] = (await once(webSocket, 'close')) as [number];

    const { code, stderr } = await run;
    expect([status, code]).toEqual([1000, 1]);
    expect(stderr).toContain(message);
  });

  it('loses no data when stdout is read slowly', async () => {
    const message = 'x'.repeat(64 * 1024);
    const { url } = await startWebSocketServer((webSocket) => {
      for (let index = 0; index < 512; index++) {
        webSocket.send(message);
      }
      webSocket.close(1000);
    });
    const { child, exit } = startClient([url, '--no-echo', '--quiet-period', '0']);
    child.stdin.end();
    child.stdout.pause();
    // When the pipe is full, the server's close frame is far behind.
    await once(child.stdout, 'readable');
    child.stdout.resume();

    const { code, stdout } = await exit;
    expect(code).toBe(0);
    expect(stdout === `${message}\n`.repeat(512)).toBe(true);
  });

  it('reports an early end when the next program of the pipe has ended, and exits with 3', async () => {
    const { url, server } = await startWebSocketServer(echo);
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const { child, exit } = startClient([url]);
    const [webSocket] = await connected;
    const closed = once(webSocket, 'close');
    child.stdout.destroy();
    child.stdin.write('hello\n');

    expect((await closed)[0]).toBe(1000);
    expect(await exit).toMatchObject({ code: 3, stderr: 'stdout cannot be written: broken pipe (EPIPE).\n' });
  });

  describe('with a server that omits echoes', () => {
    it.each([
      [[], 0],
      [['--verify'], 4],
    ])(
      'and with the options %j waits for the quiet period, counts the missing echoes, and exits with %i',
      async (options, exitCode) => {
        const { url } = await startWebSocketServer((webSocket) =>
          webSocket.once('message', () => webSocket.send('only one')),
        );

        const { code, stdout, stderr } = await runClient(
          [url, '--quiet-period', '500ms', ...options],
          'only one\ntwo\n',
        );

        expect([code, stdout]).toEqual([exitCode, 'only one\n']);
        expect(stderr).toBe(
          'The connection was closed with 1000 Status: nothing was received for 0.5 s (--quiet-period). 1 message had no echo.\n',
        );
      },
    );

    it('and sends none exits with 4', async () => {
      const { url } = await startWebSocketServer(() => {});

      expect(await runClient([url, '--quiet-period', '200ms'], 'one\ntwo\n')).toMatchObject({
        code: 4,
        stderr: expect.stringContaining('2 messages had no echo.'),
      });
    });

    it('and with --no-echo reports an end without messages, and exits with 0', async () => {
      const { url } = await startWebSocketServer(() => {});

      expect(await runClient([url, '--no-echo', '--quiet-period', '200ms'], 'one\n')).toMatchObject({
        code: 0,
        stderr: 'The connection was closed with 1000 Status: nothing was received for 0.2 s (--quiet-period).\n',
      });
    });

    it('and with --no-echo prints all messages until the server closes', async () => {
      const { url } = await startWebSocketServer((webSocket) => {
        webSocket.send('welcome');
        webSocket.on('message', () => {
          webSocket.send('one');
          webSocket.send('two', () => webSocket.close(1000));
        });
      });

      const run = await runClient([url, '--no-echo', '--quiet-period', '0'], 'subscribe\n');

      expect(run).toMatchObject({ code: 0, stdout: 'welcome\none\ntwo\n', stderr: '' });
    });
  });

  describe('exits with', () => {
    it.each([
      [0, '1000', [1000, 'done'], ''],
      [0, 'no status', [], ''],
      [3, '1001', [1001, 'Server shutting down'], 'The connection was closed with 1001 Server shutting down.\n'],
      [3, '4000', [4000], 'The connection was closed with 4000.\n'],
    ])('%i when the server closes with %s and no data is pending', async (exitCode, _, close, message) => {
      const { url } = await startWebSocketServer((webSocket) => webSocket.close(...(close as [number?, string?])));

      const { exit } = startClient([url]);

      expect(await exit).toMatchObject({ code: exitCode, stderr: message });
    });

    it('3 when the server closes with 1000 and data is pending', async () => {
      const { url } = await startWebSocketServer((webSocket) => webSocket.close(1000));

      expect((await runClient([url], 'more\n'.repeat(100_000))).code).toBe(3);
    });

    it('3 when the connection is cut', async () => {
      const { url } = await startWebSocketServer((webSocket) => webSocket.on('message', () => webSocket.terminate()));

      expect(await runClient([url], 'hello\n')).toMatchObject({
        code: 3,
        stderr: 'The connection was lost: it ended without a close frame (1006). 1 message had no echo.\n',
      });
    });

    it.each([
      ['text', 'Hello', false, 'from byte 0 on: "hello" became "Hello"'],
      ['length', 'hello!', false, 'from byte 5 on: nothing became "!", 5 bytes became 6'],
      ['type', 'hello', true, 'it was text and came back as binary'],
    ])('4 with --verify when an echo has another %s', async (_, answer, binary, difference) => {
      const { url } = await startWebSocketServer((webSocket) =>
        webSocket.on('message', () => webSocket.send(answer, { binary })),
      );

      expect(await runClient([url, '--verify'], 'hello\n')).toMatchObject({
        code: 4,
        stderr: `Wrong echo: ${difference}.\n`,
      });
    });
  });

  describe('with --json', () => {
    it('prints one object per event, with time, type, size and round-trip time', async () => {
      const events = eventsOf(await runClient([echoUrl, '--json'], 'grüße\n'));

      const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect(events).toEqual([
        { time, type: 'open', url: echoUrl, status: 101, httpVersion: '1.1' },
        { time, type: 'text', size: 7, rtt: expect.any(Number), data: 'grüße' },
        { time, type: 'close', code: 1000, reason: 'Status', by: 'client', lost: 0 },
      ]);
    });

    it('writes binary messages as hex', async () => {
      const [, message] = eventsOf(await runClient([echoUrl, '--json', '--binary'], '00ff\n'));

      expect(message).toMatchObject({ type: 'binary', size: 2, data: '00ff' });
    });

    it('reports the difference of an echo, and the lost connection', async () => {
      const { url } = await startWebSocketServer((webSocket) =>
        webSocket.on('message', () => webSocket.send('x', () => webSocket.terminate())),
      );

      const run = await runClient([url, '--json', '--verify'], 'y\n');

      expect(run.code).toBe(4);
      expect(eventsOf(run).slice(1)).toMatchObject([
        { type: 'text', data: 'x', difference: 'from byte 0 on: "y" became "x"' },
        { type: 'close', code: 1006 },
      ]);
    });
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('closes with 1000 on %s, and exits with 0', async (signal) => {
    const { url, server } = await startWebSocketServer(echo);
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const { child, exit, said } = startClient([url, '--json']);
    const [webSocket] = await connected;
    await said('stdout', '"type":"open"');
    child.kill(signal);

    const [code, reason] = (await once(webSocket, 'close')) as [number, Buffer];
    expect([code, String(reason)]).toEqual([1000, 'Status']);
    expect((await exit).code).toBe(0);
  });

  it('reports that stdin cannot be read', async () => {
    const session = new Session({
      connect: connectOptions(new URL(echoUrl), { connectTimeout: 0 }, {}),
      echo: true,
      verify: false,
      reconnects: 0,
      reconnectDelay: 0,
      silenceTimeout: 0,
    });
    const running = session.run();
    const input = new Readable({ read: () => input.destroy(new Error('EIO: i/o error')) });

    await expect(
      pipe(session, input, { format: 'lines', separator: 10, binary: false }, { echo: true, quietPeriod: 0 }),
    ).rejects.toThrow(new UsageError('stdin cannot be read: EIO: i/o error'));
    expect(await running).toMatchObject({ kind: 'closed', closed: { code: 1000 } });
  });

  it('does not wait for the server after a second Ctrl+C', async () => {
    const { url } = await startWebSocketServer((webSocket) => webSocket.pause());
    const { child, exit, said } = startClient([url, '--json']);
    await said('stdout', '"type":"open"');
    const again = setInterval(() => child.kill('SIGINT'), 50);

    expect((await exit).code).toBe(130);
    clearInterval(again);
  });
});
