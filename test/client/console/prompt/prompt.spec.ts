import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { stripVTControlCharacters } from 'node:util';
import type { WebSocket } from 'ws';
import { closeTerminals, describeInTerminal, openTerminal, type Terminal } from '../../../support/terminal.js';
import { closeWebSocketServers, echo, startWebSocketServer } from '../../../support/web-socket-server.js';

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const ARROW_UP = '\u001b[A';
const ARROW_LEFT = '\u001b[D';
const PROMPT = 'Type a message: ';

describeInTerminal('The client on a terminal, connected,', () => {
  let terminal: Terminal;

  beforeAll(async () => {
    const { url } = await startWebSocketServer(echo);
    terminal = openTerminal([`${url}ws`, '--header', 'X-Request-Id: 17'], { NO_COLOR: '1' });
    await terminal.shows(`Connected to ${url}ws (HTTP/1.1).`);
  });
  afterAll(async () => {
    closeTerminals();
    await closeWebSocketServers();
  });

  it('prompts for a message, shows the answer, and prompts again', async () => {
    for (const message of ['hello', 'grüße 😀']) {
      await terminal.shows(PROMPT);
      terminal.type(`${message}\r`);
      await terminal.shows(`Message received: ${message}`);
      await terminal.shows(' ms)');
    }
  });

  it('has line editing and a history', async () => {
    await terminal.shows(PROMPT);
    for (const [keys, shown] of [
      ['helo', 'helo'],
      [ARROW_LEFT, '\u001b[1D'],
      ['l', 'hello'],
      ['\r', 'Message received: hello'],
      [ARROW_UP, 'hello'],
      ['!', '!'],
      ['\r', 'Message received: hello!'],
    ] as const) {
      terminal.type(keys);
      await terminal.shows(shown);
    }
  });

  it('sends a pasted text as one message, and distinguishes its lines from its own', async () => {
    expect(terminal.output).toContain('\u001b[?2004h');
    await terminal.shows(PROMPT);
    terminal.type('<>');
    await terminal.shows('<>');
    terminal.type(`${ARROW_LEFT}\u001b[200~one\rtwo\r\nthree\u001b[201~\r`);
    await terminal.shows('Message received: <one\r\n| two\r\n| three> (');
    await terminal.shows(PROMPT);
    terminal.type(ARROW_UP);
    await terminal.shows('three>');
    terminal.type('\r');
    await terminal.shows('Message received: <one\r\n| two\r\n| three> (');
  });

  it('marks an empty message as empty', async () => {
    await terminal.shows(PROMPT);
    terminal.type('\r');
    await terminal.shows('Message received: (empty, ');
  });

  it('sends files with /text and /binary', async () => {
    await terminal.shows(PROMPT);
    terminal.type('/text @LICENSE\r');
    await terminal.shows('Message received: MIT License');
    terminal.type('/binary @LICENSE\r');
    await terminal.shows('Message received: 4d4954');
    for (const [path, why] of [
      ['no-such-file', 'ENOENT'],
      ['test', 'it is not a file.'],
    ]) {
      terminal.type(`/text @${path}\r`);
      await terminal.shows(`${path} cannot be sent: ${why}`);
    }
  });

  it('shows the round-trip time of a ping with /ping', async () => {
    await terminal.shows(PROMPT);
    terminal.type('/ping\r');
    await terminal.shows('Pong: ');
    await terminal.shows(' ms');
  });

  it('sends binary messages with /binary, and shows received ones', async () => {
    await terminal.shows(PROMPT);
    terminal.type('/binary 00 ff\r');
    await terminal.shows('Message received: 00ff');
    await terminal.shows('(binary, 2 bytes, ');
  });

  it('shows the handshake with /headers', async () => {
    await terminal.shows(PROMPT);
    terminal.type('/headers\r');
    await terminal.shows('> GET /ws HTTP/1.1');
    await terminal.shows('> X-Request-Id: 17');
    await terminal.shows('< HTTP/1.1 101 Switching Protocols');
    await terminal.shows('< Upgrade: websocket');
  });

  it('lists the commands with /help, and reports unknown ones', async () => {
    await terminal.shows(PROMPT);
    terminal.type('/help\r');
    await terminal.shows('/close [<code> <reason>]');
    terminal.type('/quit\r');
    await terminal.shows('/quit is not a command; /help lists them.');
    terminal.type('//quit\r');
    await terminal.shows('Message received: /quit');
  });

  it('turns the mode for pasted texts off when it exits', async () => {
    terminal.type(CTRL_D);
    await terminal.shows('\u001b[?2004l');
    expect(await terminal.exit()).toBe(0);
  });
});

describeInTerminal('The client on a terminal', () => {
  afterEach(closeTerminals);
  afterEach(closeWebSocketServers);

  /** The URL of an echo. */
  let echoUrl: string;

  beforeEach(async () => {
    ({ url: echoUrl } = await startWebSocketServer(echo));
  });

  it.each([
    ['Ctrl+C', CTRL_C, 1000, 'Status'],
    ['Ctrl+D', CTRL_D, 1000, 'Status'],
    ['/close', '/close\r', 1000, 'Status'],
    ['/close 4000 all is said', '/close 4000 all is said\r', 4000, 'all is said'],
  ])('closes on %s', async (_, keys, status, reason) => {
    const { url, server } = await startWebSocketServer(echo);
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const terminal = openTerminal([url]);
    const [webSocket] = await connected;
    await terminal.shows(PROMPT);
    terminal.type(keys);

    const [code, text] = (await once(webSocket, 'close')) as [number, Buffer];
    expect([code, String(text)]).toEqual([status, reason]);
    await terminal.shows(`The connection was closed with ${`${status} ${reason}`.trimEnd()}.`);
    expect(await terminal.exit()).toBe(0);
  });

  it('exits on Ctrl+D during a reconnection, and reports that typed messages were waiting', async () => {
    const { url } = await startWebSocketServer((webSocket) => webSocket.close(1001));
    const terminal = openTerminal([url, '--reconnect', '--reconnect-delay', '1h']);
    await terminal.shows('Attempt 1 to reconnect');
    terminal.type('typed\r');
    await terminal.shows('There is no connection now. The message will be sent when there is one.');
    terminal.type(CTRL_D);

    expect(await terminal.exit()).toBe(3);
  });

  it('sends messages that were typed without a connection when it is back, in order', async () => {
    let connections = 0;
    const { url } = await startWebSocketServer((webSocket) =>
      ++connections === 1 ? webSocket.close(1001) : echo(webSocket),
    );
    const terminal = openTerminal([url, '--reconnect', '--reconnect-delay', '1s']);
    await terminal.shows('Attempt 1 to reconnect');
    terminal.type('one\rtwo\r');
    await terminal.shows('Message received: one');
    await terminal.shows('Message received: two');
    terminal.type(CTRL_D);

    expect(await terminal.exit()).toBe(0);
  });

  it('does not wait for the server after a second Ctrl+C', async () => {
    const { url } = await startWebSocketServer((webSocket) => webSocket.pause());
    const terminal = openTerminal([url]);
    await terminal.shows(PROMPT);
    terminal.type(CTRL_C + CTRL_C);

    expect(await terminal.exit()).toBe(130);
  });

  it('exits on Ctrl+C while it connects', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const connected = once(silent, 'connection') as Promise<[Socket]>;
    const terminal = openTerminal([`ws://127.0.0.1:${(silent.address() as AddressInfo).port}`]);
    await connected;
    terminal.type(CTRL_C);

    expect(await terminal.exit()).toBe(130);
    silent.close();
  });

  it('keeps a partial line while messages arrive', async () => {
    const { url, server } = await startWebSocketServer(echo);
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const terminal = openTerminal([url]);
    const [webSocket] = await connected;
    await terminal.shows(PROMPT);
    terminal.type('half a');
    await terminal.shows('half a');
    webSocket.send('news');
    await terminal.shows('Message received: news');
    await terminal.shows('half a');
    terminal.type(' line\r');
    await terminal.shows('Message received: half a line');
    terminal.type(CTRL_D);
    expect(await terminal.exit()).toBe(0);
  });

  it('leaves no blank lines above a pasted line of several rows', async () => {
    const { url, server } = await startWebSocketServer(echo);
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const terminal = openTerminal([url], { NO_COLOR: '1' });
    const [webSocket] = await connected;
    await terminal.shows(PROMPT);
    terminal.type(`${'x'.repeat(200)}end`);
    await terminal.shows('end');
    webSocket.send('news');
    await terminal.shows('Message received: news');
    await terminal.shows('end');

    expect(terminal.output).not.toMatch(/news\r\n\r\n/);
  });

  it('keeps the typed text visible when the server closes', async () => {
    const { url, server } = await startWebSocketServer(echo);
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const terminal = openTerminal([url]);
    const [webSocket] = await connected;
    await terminal.shows(PROMPT);
    terminal.type('half a line');
    await terminal.shows('half a line');
    webSocket.close(1000);

    await terminal.shows('Not sent: half a line');
    expect(await terminal.exit()).toBe(0);
  });

  it('lists the messages that waited for a connection', async () => {
    const { url } = await startWebSocketServer((webSocket) => {
      webSocket.close(1001);
      void closeWebSocketServers();
    });
    const terminal = openTerminal([url, '--reconnect', '1', '--reconnect-delay', '1s']);
    await terminal.shows('Attempt 1 to reconnect');
    terminal.type('typed\r');

    await terminal.shows('Not sent: typed');
    expect(await terminal.exit()).toBe(2);
  });

  it('starts with the messages of --execute, and shows times with --timestamps', async () => {
    const terminal = openTerminal([echoUrl, '--execute', 'hello', '--timestamps'], { NO_COLOR: '1' });
    await terminal.shows('Message received: hello');
    await terminal.shows(PROMPT);
    terminal.type(CTRL_D);

    expect(await terminal.exit()).toBe(0);
    expect(terminal.output).toMatch(/\d\d:\d\d:\d\d\.\d{3} Message received: hello/);
  });

  it('closes when the terminal is closed', async () => {
    const { url, server } = await startWebSocketServer(echo);
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const terminal = openTerminal([url]);
    const [webSocket] = await connected;
    await terminal.shows(PROMPT);
    const closed = once(webSocket, 'close') as Promise<[number]>;
    terminal.close();

    expect((await closed)[0]).toBe(1000);
  });

  it('has no line over 80 columns, at the start or with /help', async () => {
    const terminal = openTerminal([echoUrl]);
    await terminal.shows(PROMPT);
    terminal.type('/help\r');
    await terminal.shows('ends the client at once.');
    terminal.type(CTRL_D);
    await terminal.exit();

    const lines = stripVTControlCharacters(terminal.output).split(/\r?\n/);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });

  it('shows the code points of control characters, and truncates long messages without splitting a character', async () => {
    const { url } = await startWebSocketServer((webSocket) => {
      webSocket.send('\u001b]0;title\u0007\u202egnp.exe');
      webSocket.send(`x${'€'.repeat(6000)}`);
      webSocket.send('x'.repeat(1024 * 1024));
    });
    const terminal = openTerminal([url], { NO_COLOR: '1' });

    await terminal.shows('Message received: \\x1b]0;title\\x07\\u202egnp.exe');
    await terminal.shows('€… (18001 bytes)');
    await terminal.shows('x… (1048576 bytes)');
    terminal.type(CTRL_D);
    expect(await terminal.exit()).toBe(0);
  });

  it('exits with 3 and a reason when the server dies', async () => {
    const { url } = await startWebSocketServer((webSocket) => webSocket.on('message', () => webSocket.terminate()));
    const terminal = openTerminal([url]);
    await terminal.shows(PROMPT);
    terminal.type('hello\r');

    await terminal.shows('The connection was lost: it ended without a close frame (1006).');
    expect(await terminal.exit()).toBe(3);
  });

  it('exits with 0 when the server closes with 1000', async () => {
    const { url } = await startWebSocketServer((webSocket) => webSocket.close(1000, 'done'));
    const terminal = openTerminal([url]);

    await terminal.shows('The connection was closed with 1000 done.');
    expect(await terminal.exit()).toBe(0);
  });

  it.each([
    ['with colours', {}, true],
    ['without colours when NO_COLOR is set', { NO_COLOR: '1' }, false],
    ['with colours when FORCE_COLOR is set, too', { NO_COLOR: '1', FORCE_COLOR: '1' }, true],
  ])('writes %s', async (_, environment, colours) => {
    const terminal = openTerminal([echoUrl], environment);
    await terminal.shows(PROMPT);
    terminal.type(CTRL_D);
    await terminal.exit();

    expect(terminal.output.includes('\u001b[2m')).toBe(colours);
  });
});
