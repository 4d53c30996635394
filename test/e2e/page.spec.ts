import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import type { WebSocket } from 'ws';
import { describeInBrowser, launchBrowser } from '../support/browser.js';
import { contrastsOf } from '../support/contrast.js';
import { freePort } from '../support/free-port.js';
import { LogPage, withServer, withSilentServer } from '../support/log-page.js';
import { startApp, type RunningApp } from '../support/start-app.js';

import.meta.jest.setTimeout(150_000);

describe('The server of the page', () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp();
  });

  afterAll(async () => {
    await app.close();
  });

  it.each([
    ['/', 'text/html'],
    ['/index.html', 'text/html'],
    ['/style.css', 'text/css'],
    ['/main.js', 'javascript'],
    ['/connection/connection.js', 'javascript'],
    ['/favicon.svg', 'image/svg+xml'],
  ])('answers %s with %s and strict headers', async (path, type) => {
    const response = await fetch(`${app.url}${path}`);
    const policy = response.headers.get('Content-Security-Policy')?.split('; ');

    expect(response.status).toBe(200);
    expect(response.headers.get('Content-Type')).toContain(type);
    expect(policy).toEqual(
      expect.arrayContaining([
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self' ws: wss: http: https:",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
      ]),
    );
    expect(policy?.join()).not.toContain('unsafe');
    expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(response.headers.get('Referrer-Policy')).toBe('no-referrer');
    expect(response.headers.get('Cache-Control')).toBe('no-cache');
  });

  it('answers HEAD / like GET, without the content', async () => {
    const response = await fetch(app.url, { method: 'HEAD' });

    expect(response.status).toBe(200);
    expect(response.headers.get('Content-Type')).toContain('text/html');
    expect(await response.text()).toBe('');
  });

  it('sends a file again only after a change', async () => {
    const first = await fetch(`${app.url}/main.js`);
    await first.text();
    const second = await fetch(`${app.url}/main.js`, {
      // Without Cache-Control, fetch would add no-cache, as a browser does for a forced reload.
      headers: { 'If-None-Match': first.headers.get('ETag') ?? '', 'Cache-Control': 'max-age=0' },
    });

    expect(second.status).toBe(304);
  });

  it.each(['/nowhere', '/page/index.html', '/package.json', '/..%2f..%2fpackage.json', '/%2e%2e/src/main.js'])(
    'leaves %s to Nest, which answers 404',
    async (path) => {
      const response = await fetch(`${app.url}${path}`);

      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ statusCode: 404, error: 'Not Found' });
    },
  );

  it('leaves /ws to the controller', async () => {
    const response = await fetch(`${app.url}/ws`);

    expect(response.status).toBe(400);
  });
});

describeInBrowser('The page', (executablePath) => {
  let app: RunningApp;
  let browser: Browser;
  let logPage: LogPage;
  let page: Page;

  beforeAll(async () => {
    [app, browser] = await Promise.all([startApp(), launchBrowser(executablePath)]);
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await app?.close();
  });

  beforeEach(async () => {
    logPage = await LogPage.open(browser, app.url);
    page = logPage.page;
  });

  afterEach(async () => {
    expect(await logPage.close()).toEqual([]);
  });

  /** The URL of an endpoint of the application. */
  function webSocketUrl(path: string): string {
    return app.url.replace('http', 'ws') + path;
  }

  /** Uses the page while it connects to a server that never answers. */
  async function whileConnecting(use: () => Promise<void>): Promise<void> {
    await withSilentServer(async (url, connected) => {
      await logPage.connect(url);
      await connected;
      await use();
    });
  }

  describe('in its initial state', () => {
    it('is ready to connect to /ws on its own server', async () => {
      expect(await page.inputValue('#connectionUrl')).toBe(app.webSocketUrl);
      expect(await page.textContent('#stateLabel')).toBe('Ready to connect...');
      expect(await logPage.enabledControls()).toEqual(['endpoint', 'connectionUrl', 'connectButton']);
      expect(await logPage.rows()).toEqual([]);
    });

    it('has the log columns From, To and Data', async () => {
      const names = await page.locator('#logTable thead th').allInnerTexts();

      expect(names.slice(0, 3)).toEqual(['From', 'To', 'Data']);
    });
  });

  describe('during a conversation', () => {
    it('shows the states of the sample in their order', async () => {
      await page.evaluate(`
        globalThis.states = [];
        new MutationObserver((changes) => {
          for (const change of changes) states.push(...Array.from(change.addedNodes, (node) => node.textContent));
        }).observe(document.getElementById('stateLabel'), { childList: true });
      `);
      await logPage.connect();
      await logPage.reachState('Open');
      await logPage.closeSocket();

      expect(await page.evaluate('states')).toEqual(['Connecting', 'Connecting...', 'Open', 'Closing...', 'Closed']);
    });

    it('enables messages and Close only while open, and the URL and Connect only while not open', async () => {
      await logPage.connect();
      await logPage.reachState('Open');
      expect(await logPage.enabledControls()).toEqual(['sendMessage', 'sendButton', 'closeButton']);

      await logPage.closeSocket();
      expect(await logPage.enabledControls()).toEqual(['endpoint', 'connectionUrl', 'connectButton']);
    });

    it('enables only Close while it connects, which cancels the attempt', async () => {
      await whileConnecting(async () => {
        await logPage.reachState('Connecting...');
        expect(await logPage.enabledControls()).toEqual(['closeButton']);
        await logPage.closeSocket();
      });

      expect(await logPage.rows()).toEqual([['Gave up connecting']]);

      expect(await logPage.enabledControls()).toEqual(['endpoint', 'connectionUrl', 'connectButton']);
    });

    it('connects again after a close', async () => {
      await logPage.converse('first');
      await logPage.closeSocket();
      await logPage.connect();
      await logPage.reachState('Open');

      expect((await logPage.rows()).at(-1)).toEqual(['Connection opened']);
    });

    it.each([
      ['markup', `<b>bold</b><img src="x" onerror="document.title = 'run'"><script>document.title = 'run'</script>`],
      ['entities', '&lt;b&gt; &amp; "quotes"'],
      ['white space', '  two  spaces'],
      ['other scripts', 'Zoë 日本語 שלום 🙂'],
    ])('shows %s as plain text', async (_what, message) => {
      const title = await page.title();
      await logPage.converse(message);

      expect((await logPage.rows()).slice(1)).toEqual([
        ['Client', 'Server', message],
        ['Server', 'Client', message],
      ]);
      expect(await page.locator('#commsLog :not(tr, td)').count()).toBe(0);
      expect(await page.title()).toBe(title);
    });

    it('sends an empty message', async () => {
      await logPage.converse('');

      expect((await logPage.rows()).slice(1)).toEqual([
        ['Client', 'Server', ''],
        ['Server', 'Client', ''],
      ]);
    });

    it('shows the size and the bytes of a binary message', async () => {
      await withServer(
        (socket) => socket.send(Buffer.from('Hello')),
        async (url) => {
          await logPage.connect(url);
          expect((await logPage.rowsOnce(2))[1]).toEqual(['Server', 'Client', 'Binary, 5 bytes: 48 65 6c 6c 6f']);
        },
      );
    });

    it('loads only its own files, and opens only the requested WebSocket', async () => {
      const addresses: string[] = [];
      page.on('request', (request) => addresses.push(request.url()));
      page.on('websocket', (webSocket) => addresses.push(webSocket.url()));
      await page.reload();
      await logPage.converse('Hello');

      const loaded = addresses.filter((address) => !address.startsWith(`${app.url}/`));
      expect(loaded).toEqual([app.webSocketUrl]);
      expect(addresses).toContain(`${app.url}/main.js`);
    });

    it('has less than 80 KiB of compressed files', async () => {
      const addresses: string[] = [];
      page.on('request', (request) => addresses.push(request.url()));
      await page.reload();
      const files = await Promise.all(addresses.map(async (address) => (await fetch(address)).arrayBuffer()));
      const sizes = files.map((file) => gzipSync(file).length);

      expect(sizes.length).toBeGreaterThan(20);
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(80 * 1_024);
    });
  });

  describe('with the list of endpoints', () => {
    const chosen = (): Promise<string> => page.inputValue('#endpoint');

    it('explains each endpoint', async () => {
      const options = await page.locator('#endpoint option:not([hidden])').allTextContents();

      expect(options.map((text) => text.split(': ')[0])).toEqual(['/ws', '/', '/sockets', '/background', '/rpc']);
      expect(options.every((text) => /^\S+: \S.*$/.test(text))).toBe(true);
    });

    it.each<[string, string, (answer: string) => void]>([
      ['/ws', 'Hello', (answer) => expect(answer).toBe('Hello')],
      ['/', 'Hello', (answer) => expect(answer).toBe('Hello')],
      ['/sockets', 'Hello', (answer) => expect(answer).toBe('Server Response to: Hello')],
      ['/rpc', '{"event":"time"}', (answer) => expect(answer).toMatch(/^{"event":"time","data":{"time":"[^"]+"}}$/)],
    ])('fills in the URL of %s, and exchanges messages with it', async (path, message, check) => {
      await page.selectOption('#endpoint', path);
      expect(await page.inputValue('#connectionUrl')).toBe(webSocketUrl(path));

      await logPage.converse(message);
      await logPage.closeSocket();

      const [opened, sent, received, closed] = await logPage.rows();
      expect([opened, sent]).toEqual([['Connection opened'], ['Client', 'Server', message]]);
      expect(received?.slice(0, 2)).toEqual(['Server', 'Client']);
      check(received?.[2] ?? '');
      expect(closed).toEqual(['Connection closed. Code: 1000. Reason: Closing from client']);
    });

    it('fills in the URL of /background, and receives the chat messages', async () => {
      await page.selectOption('#endpoint', '/background');
      expect(await page.inputValue('#connectionUrl')).toBe(webSocketUrl('/background'));

      await logPage.connect();
      await logPage.rowsOnce(3); // the connection, and two messages of the chat
      await page.fill('#sendMessage', 'Hello');
      await page.click('#sendButton');
      await logPage.rowsOnce(5);
      await logPage.closeSocket();

      const [, welcome, joined, sent, heard] = await logPage.rows();
      expect(sent).toEqual(['Client', 'Server', 'Hello']);
      expect(JSON.parse(welcome?.[2] ?? '')).toMatchObject({ type: 'welcome', room: 'lobby' });
      expect(JSON.parse(joined?.[2] ?? '')).toMatchObject({ type: 'joined', members: 1 });
      expect(JSON.parse(heard?.[2] ?? '')).toMatchObject({ type: 'message', text: 'Hello' });
    });

    it('follows a URL that is edited by hand', async () => {
      expect(await chosen()).toBe('/ws');

      await page.fill('#connectionUrl', 'wss://example.com/ws');
      expect(await chosen()).toBe('');
      expect(await page.locator('#endpoint option:checked').textContent()).toBe('Another URL');

      await page.fill('#connectionUrl', webSocketUrl('/rpc'));
      expect(await chosen()).toBe('/rpc');
    });

    it('corrects an invalid URL', async () => {
      await logPage.connect('hello');
      await logPage.rowsOnce(1);

      await page.selectOption('#endpoint', '/sockets');

      expect(await page.getAttribute('#connectionUrl', 'aria-invalid')).toBeNull();
      expect(await page.inputValue('#connectionUrl')).toBe(webSocketUrl('/sockets'));
    });

    it.each([320, 768, 1280])('keeps its layout in a window %d pixels wide', async (width) => {
      await page.setViewportSize({ width, height: 700 });
      const places = (): Promise<string> =>
        page.evaluate<string>(`JSON.stringify(Array.from(document.querySelectorAll('body *:not(option)'),
          (element) => element.getBoundingClientRect()))`);
      const before = await places();

      for (const path of ['/', '/sockets', '/background', '/rpc']) {
        await page.selectOption('#endpoint', path);
        expect(await places()).toBe(before);
      }
    });
  });

  describe('after a close by the server', () => {
    it('logs the code and the reason of a server that shuts down', async () => {
      const other = await startApp();
      try {
        await logPage.connect(other.webSocketUrl);
        await logPage.reachState('Open');
      } finally {
        await other.close();
      }
      await logPage.reachState('Closed');

      expect((await logPage.rows()).at(-1)).toEqual(['Connection closed. Code: 1001. Reason: Server shutting down']);
      expect(await logPage.enabledControls()).toEqual(['endpoint', 'connectionUrl', 'connectButton']);
    });

    it.each<[string, (socket: WebSocket) => void, string]>([
      ['a code and a reason', (socket) => socket.close(4001, '<b>enough</b>'), 'Code: 4001. Reason: <b>enough</b>'],
      ['no code', (socket) => socket.close(), 'Code: 1005. Reason:'],
      ['no close frame', (socket) => socket.terminate(), 'Code: 1006. Reason:'],
    ])('logs a close with %s', async (_what, end, expected) => {
      await withServer(end, async (url) => {
        await logPage.connect(url);
        await logPage.reachState('Closed');

        expect((await logPage.rows()).map(([text]) => text?.trim())).toEqual([
          'Connection opened',
          `Connection closed. ${expected}`,
        ]);
      });
    });
  });

  describe('after a failed attempt', () => {
    it.each<[string, () => Promise<string>, string]>([
      ['a closed port', async () => `ws://127.0.0.1:${await freePort()}/ws`, 'No server answers at 127.0.0.1:'],
      [
        'a path without a WebSocket endpoint',
        () => Promise.resolve(`${app.webSocketUrl}/nowhere`),
        'The server answers 404: it has no endpoint at /ws/nowhere.',
      ],
      ['a port that browsers block', () => Promise.resolve('ws://127.0.0.1:6000/'), 'Browsers block port 6000'],
    ])('logs the failure with its cause: %s', async (_what, urlOf, reason) => {
      const url = await urlOf();
      await logPage.connect(url);
      await logPage.reachState('Closed');

      const [problem, closed, why] = await logPage.rowsOnce(3);
      expect(problem?.[0]).toBe(`Could not connect to ${url}.`);
      expect(closed?.[0]?.trim()).toBe('Connection closed. Code: 1006. Reason:');
      expect(why?.[0]).toContain(reason);
      expect(await page.textContent('#problem')).toContain(reason);
      expect(await logPage.enabledControls()).toEqual(['endpoint', 'connectionUrl', 'connectButton']);
    });

    it.each([
      ['', 'Enter the URL of a WebSocket server'],
      ['hello', '"hello" is not a valid URL.'],
      ['ws://', '"ws://" is not a valid URL.'],
      ['http://127.0.0.1/ws', 'It has to start with ws:// or wss://.'],
      ['ws://127.0.0.1/ws#part', 'has a fragment (#).'],
    ])('explains the fault of the URL "%s", and returns the focus to it', async (url, problem) => {
      await logPage.connect(url);

      expect((await logPage.rowsOnce(1))[0]?.[0]).toContain(problem);
      expect(await page.textContent('#stateLabel')).toBe('Ready to connect...');
      expect(await page.getAttribute('#connectionUrl', 'aria-invalid')).toBe('true');
      expect(await logPage.focusedId()).toBe('connectionUrl');
      expect(logPage.complaints).toEqual([]);

      await logPage.connect(app.webSocketUrl);
      await logPage.reachState('Open');
      expect(await page.getAttribute('#connectionUrl', 'aria-invalid')).toBeNull();
    });
  });

  describe('for every user', () => {
    it('works with the keyboard only', async () => {
      for (const id of ['newTab', 'showHelp', 'endpoint']) {
        await page.keyboard.press('Tab');
        expect(await logPage.focusedId()).toBe(id);
      }
      await page.keyboard.press('ArrowDown');
      expect(await page.inputValue('#connectionUrl')).toBe(webSocketUrl('/'));
      await page.keyboard.press('Tab');
      expect(await logPage.focusedId()).toBe('connectionUrl');
      await page.keyboard.press('Enter');
      await logPage.reachState('Open');

      expect(await logPage.focusedId()).toBe('sendMessage');
      await page.keyboard.type('one');
      await page.keyboard.press('Enter');
      await logPage.rowsOnce(3);
      // The sent message is selected, so that typing replaces it.
      await page.keyboard.type('two');
      await page.keyboard.press('Enter');
      expect((await logPage.rowsOnce(5)).map((row) => row.at(-1)).slice(1)).toEqual(['one', 'one', 'two', 'two']);

      await page.keyboard.press('Tab');
      expect(await logPage.focusedId()).toBe('sendButton');
      await page.keyboard.press('Tab');
      expect(await logPage.focusedId()).toBe('closeButton');
      await page.keyboard.press('Space');
      await logPage.reachState('Closed');

      expect(await logPage.focusedId()).toBe('connectButton');
    });

    it('does not take the focus away from the log', async () => {
      await withServer(ignore, async (url, server) => {
        await logPage.connect(url);
        await logPage.reachState('Open');
        await page.focus('#logView');
        for (const socket of server.clients) {
          socket.close(1000, 'Bye');
        }
        await logPage.reachState('Closed');

        expect(await logPage.focusedId()).toBe('logView');
      });
    });

    it('shows the focus', async () => {
      await logPage.connect();
      await logPage.reachState('Open');
      for (const id of ['sendMessage', 'sendButton', 'closeButton']) {
        expect(await logPage.focusedId()).toBe(id);
        expect(
          await page.evaluate(`(({ outlineStyle, outlineWidth }) => outlineStyle + ' ' + outlineWidth)(
            getComputedStyle(document.activeElement))`),
        ).toBe('solid 3px');
        await page.keyboard.press('Tab');
      }
    });

    it.each(['light', 'dark'] as const)('has sufficient contrast in a %s colour scheme', async (colorScheme) => {
      await page.emulateMedia({ colorScheme });
      expect((await contrastsOf(page)).filter(({ ratio, needed }) => ratio < needed)).toEqual([]);
      await logPage.connect(`ws://127.0.0.1:${await freePort()}`);
      await logPage.reachState('Closed');
      await logPage.connect(app.webSocketUrl);
      await logPage.reachState('Open');
      await page.fill('#sendMessage', 'Hello');
      await page.click('#sendButton');
      await logPage.rowsOnce(6);

      const measured = await contrastsOf(page);
      expect(measured.filter(({ ratio, needed }) => ratio < needed)).toEqual([]);
      expect(measured.map(({ what }) => what)).toEqual(
        expect.arrayContaining(['WebSocket Echo', 'Open', 'Connection opened', 'Client', 'Server', 'Hello', 'Send']),
      );
      // The page follows the scheme, so these are two different measurements.
      expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(
        colorScheme === 'light' ? 'rgb(243, 245, 248)' : 'rgb(14, 17, 22)',
      );
    });

    it('does not animate if the user prefers reduced motion', async () => {
      const animations = 'document.getAnimations().length';
      await whileConnecting(async () => {
        expect(await page.evaluate(animations)).toBe(1);
        await page.emulateMedia({ reducedMotion: 'reduce' });
        expect(await page.evaluate(animations)).toBe(0);
      });
    });
  });
});

function ignore(): void {}
