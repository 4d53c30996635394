import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { WebSocketServer, type WebSocket } from 'ws';
import { describeInBrowser, launchBrowser } from '../support/browser.js';
import { contrastsOf } from '../support/contrast.js';
import { startApp, type RunningApp } from '../support/start-app.js';

import.meta.jest.setTimeout(30_000);

/** A cell of the log is the text that is seen; a row about the connection has one cell, a message has three. */
type Row = string[];

describe('What serves the page', () => {
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
    ['/connection.js', 'javascript'],
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
        "connect-src 'self' ws: wss:",
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

  it('answers HEAD / as it answers GET, without the content', async () => {
    const response = await fetch(app.url, { method: 'HEAD' });

    expect(response.status).toBe(200);
    expect(response.headers.get('Content-Type')).toContain('text/html');
    expect(await response.text()).toBe('');
  });

  it('sends a file again only when it has changed', async () => {
    const first = await fetch(`${app.url}/main.js`);
    await first.text();
    const second = await fetch(`${app.url}/main.js`, {
      // Without Cache-Control, fetch would add no-cache, as a browser does when somebody reloads with force.
      headers: { 'If-None-Match': first.headers.get('ETag') ?? '', 'Cache-Control': 'max-age=0' },
    });

    expect(second.status).toBe(304);
  });

  it.each(['/nowhere', '/page/index.html', '/package.json', '/..%2f..%2fpackage.json', '/%2e%2e/src/main.js'])(
    'leaves %s to Nest, which does not know it',
    async (path) => {
      const response = await fetch(`${app.url}${path}`);

      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ statusCode: 404, error: 'Not Found' });
    },
  );

  it('leaves /ws to its controller', async () => {
    const response = await fetch(`${app.url}/ws`);

    expect(response.status).toBe(400);
  });
});

describeInBrowser('The page', (executablePath) => {
  let app: RunningApp;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  /** What the browser complained about: uncaught exceptions, failed requests, violations of the policy. */
  let complaints: string[];

  beforeAll(async () => {
    [app, browser] = await Promise.all([startApp(), launchBrowser(executablePath)]);
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await app?.close();
  });

  beforeEach(async () => {
    context = await browser.newContext();
    // Well below that of a test: what did not appear is then named.
    context.setDefaultTimeout(10_000);
    page = await context.newPage();
    complaints = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') {
        complaints.push(message.text());
      }
    });
    await page.goto(app.url);
  });

  afterEach(async () => {
    // Chromium itself reports each WebSocket that it could not open, and nothing can keep it from that.
    const unexpected = complaints.filter((text) => !text.startsWith('WebSocket connection to '));
    await context.close();
    expect(unexpected).toEqual([]);
  });

  function rows(): Promise<Row[]> {
    return page.evaluate<Row[]>(
      "Array.from(document.querySelectorAll('#commsLog tr'), (row) => Array.from(row.cells, (cell) => cell.innerText))",
    );
  }

  /** Waits until the log has a number of rows, and returns them. */
  async function rowsOnce(count: number): Promise<Row[]> {
    await page
      .locator('#commsLog tr')
      .nth(count - 1)
      .waitFor({ state: 'attached' });
    return rows();
  }

  async function reachState(state: 'Open' | 'Closed'): Promise<void> {
    await page.locator(`#stateLabel:text-is("${state}")`).waitFor();
  }

  async function connect(url?: string): Promise<void> {
    if (url !== undefined) {
      await page.fill('#connectionUrl', url);
    }
    await page.click('#connectButton');
  }

  /** Connects to the application and has a message echoed: the log then has three rows. */
  async function converse(message: string): Promise<void> {
    await connect();
    await reachState('Open');
    await page.fill('#sendMessage', message);
    await page.click('#sendButton');
    await rowsOnce(3);
  }

  /** The URL of an endpoint of the application. */
  function webSocketUrl(path: string): string {
    return app.url.replace('http', 'ws') + path;
  }

  async function close(): Promise<void> {
    await page.click('#closeButton');
    await reachState('Closed');
  }

  /** The ids of the controls that can be used. */
  function enabledControls(): Promise<string[]> {
    return page.evaluate<string[]>(
      "Array.from(document.querySelectorAll('select:enabled, input:enabled, button:enabled'), (control) => control.id)",
    );
  }

  function focusedId(): Promise<string> {
    return page.evaluate<string>('document.activeElement.id');
  }

  /** Whether the first or last row of the log can be seen without scrolling. */
  function isRowInView(which: 'first' | 'last'): Promise<boolean> {
    return page.evaluate<boolean>(`(() => {
      const row = document.querySelector('#commsLog tr:${which}-child').getBoundingClientRect();
      const view = document.getElementById('logView').getBoundingClientRect();
      return row.top >= view.top - 1 && row.bottom <= view.bottom + 1;
    })()`);
  }

  /** Connects to a server that takes the connection and never answers. The page is connecting until `use` is done. */
  async function whileConnecting(use: () => Promise<void>): Promise<void> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const connected = once(server, 'connection') as Promise<[Socket]>;
    await connect(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const [socket] = await connected;
    try {
      await use();
    } finally {
      socket.destroy();
      server.close();
      await once(server, 'close');
    }
  }

  describe('at first', () => {
    it('is ready to connect to /ws of the server that it came from', async () => {
      expect(await page.inputValue('#connectionUrl')).toBe(app.webSocketUrl);
      expect(await page.textContent('#stateLabel')).toBe('Ready to connect...');
      expect(await enabledControls()).toEqual(['endpoint', 'connectionUrl', 'connectButton']);
      expect(await rows()).toEqual([]);
    });

    it('names the columns of the log From, To and Data', async () => {
      expect(await page.locator('table thead th').allInnerTexts()).toEqual(['From', 'To', 'Data']);
    });
  });

  describe('in a conversation', () => {
    it('goes through the states of the sample in their order', async () => {
      await page.evaluate(`
        globalThis.states = [];
        new MutationObserver((changes) => {
          for (const change of changes) states.push(...Array.from(change.addedNodes, (node) => node.textContent));
        }).observe(document.getElementById('stateLabel'), { childList: true });
      `);
      await connect();
      await reachState('Open');
      await close();

      expect(await page.evaluate('states')).toEqual(['Connecting', 'Connecting...', 'Open', 'Closing...', 'Closed']);
    });

    it('lets messages and Close be used only while open, and the URL and Connect only while not', async () => {
      await connect();
      await reachState('Open');
      expect(await enabledControls()).toEqual(['sendMessage', 'sendButton', 'closeButton']);

      await close();
      expect(await enabledControls()).toEqual(['endpoint', 'connectionUrl', 'connectButton']);
    });

    it('lets nothing be used while it connects', async () => {
      await whileConnecting(async () => {
        expect(await page.textContent('#stateLabel')).toBe('Connecting...');
        expect(await enabledControls()).toEqual([]);
      });
      await reachState('Closed');

      expect(await enabledControls()).toEqual(['endpoint', 'connectionUrl', 'connectButton']);
    });

    it('connects again after it has closed', async () => {
      await converse('first');
      await close();
      await connect();
      await reachState('Open');

      expect((await rows()).at(-1)).toEqual(['Connection opened']);
    });

    it.each([
      ['markup', `<b>bold</b><img src="x" onerror="document.title = 'run'"><script>document.title = 'run'</script>`],
      ['entities', '&lt;b&gt; &amp; "quotes"'],
      ['white space', '  two  spaces and\ta tab'],
      ['other scripts', 'Zoë 日本語 שלום 🙂'],
    ])('shows %s as the text that it is', async (_what, message) => {
      const title = await page.title();
      await converse(message);

      expect((await rows()).slice(1)).toEqual([
        ['Client', 'Server', message],
        ['Server', 'Client', message],
      ]);
      expect(await page.locator('#commsLog :not(tr, td)').count()).toBe(0);
      expect(await page.title()).toBe(title);
    });

    it('sends an empty message too', async () => {
      await converse('');

      expect((await rows()).slice(1)).toEqual([
        ['Client', 'Server', ''],
        ['Server', 'Client', ''],
      ]);
    });

    it('shows a binary message as its size and its bytes', async () => {
      await withServer(
        (socket) => socket.send(Buffer.from('Hello')),
        async (url) => {
          await connect(url);
          expect((await rowsOnce(2))[1]).toEqual(['Server', 'Client', 'Binary, 5 bytes: 48 65 6c 6c 6f']);
        },
      );
    });

    it('loads only its own files, and opens only the WebSocket that was asked for', async () => {
      const addresses: string[] = [];
      page.on('request', (request) => addresses.push(request.url()));
      page.on('websocket', (webSocket) => addresses.push(webSocket.url()));
      await page.reload();
      await converse('Hello');

      const loaded = addresses.filter((address) => !address.startsWith(`${app.url}/`));
      expect(loaded).toEqual([app.webSocketUrl]);
      expect(addresses).toContain(`${app.url}/main.js`);
    });
  });

  describe('the choice of endpoints', () => {
    const chosen = (): Promise<string> => page.inputValue('#endpoint');

    it('has each endpoint, with a line that explains it', async () => {
      const options = await page.locator('#endpoint option:not([hidden])').allTextContents();

      expect(options.map((text) => text.split(': ')[0])).toEqual(['/ws', '/', '/sockets', '/background', '/rpc']);
      expect(options.every((text) => /^\S+: \S.*$/.test(text))).toBe(true);
    });

    it.each<[string, string, (answer: string) => void]>([
      ['/ws', 'Hello', (answer) => expect(answer).toBe('Hello')],
      ['/', 'Hello', (answer) => expect(answer).toBe('Hello')],
      ['/sockets', 'Hello', (answer) => expect(answer).toBe('Server Response to: Hello')],
      ['/rpc', '{"event":"time"}', (answer) => expect(answer).toMatch(/^{"event":"time","data":{"time":"[^"]+"}}$/)],
    ])('%s fills in its URL, and talks to it', async (path, message, check) => {
      await page.selectOption('#endpoint', path);
      expect(await page.inputValue('#connectionUrl')).toBe(webSocketUrl(path));

      await converse(message);
      await close();

      const [opened, sent, received, closed] = await rows();
      expect([opened, sent]).toEqual([['Connection opened'], ['Client', 'Server', message]]);
      expect(received?.slice(0, 2)).toEqual(['Server', 'Client']);
      check(received?.[2] ?? '');
      expect(closed).toEqual(['Connection closed. Code: 1000. Reason: Closing from client']);
    });

    it('/background fills in its URL, and what is said there is heard', async () => {
      await page.selectOption('#endpoint', '/background');
      expect(await page.inputValue('#connectionUrl')).toBe(webSocketUrl('/background'));

      await connect();
      await rowsOnce(3); // the connection, and what the chat tells of the room
      await page.fill('#sendMessage', 'Hello');
      await page.click('#sendButton');
      await rowsOnce(5);
      await close();

      const [, welcome, joined, sent, heard] = await rows();
      expect(sent).toEqual(['Client', 'Server', 'Hello']);
      expect(JSON.parse(welcome?.[2] ?? '')).toMatchObject({ type: 'welcome', room: 'lobby' });
      expect(JSON.parse(joined?.[2] ?? '')).toMatchObject({ type: 'joined', members: 1 });
      expect(JSON.parse(heard?.[2] ?? '')).toMatchObject({ type: 'message', text: 'Hello' });
    });

    it('leaves the URL to who edits it, and says so', async () => {
      expect(await chosen()).toBe('/ws');

      await page.fill('#connectionUrl', 'wss://example.com/ws');
      expect(await chosen()).toBe('');
      expect(await page.locator('#endpoint option:checked').textContent()).toBe('Another URL');

      await page.fill('#connectionUrl', webSocketUrl('/rpc'));
      expect(await chosen()).toBe('/rpc');
    });

    it('corrects a URL that was wrong', async () => {
      await connect('hello');
      await rowsOnce(1);

      await page.selectOption('#endpoint', '/sockets');

      expect(await page.getAttribute('#connectionUrl', 'aria-invalid')).toBeNull();
      expect(await page.inputValue('#connectionUrl')).toBe(webSocketUrl('/sockets'));
    });

    it.each([320, 768, 1280])('moves nothing in a window %d pixels wide', async (width) => {
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

  describe('when the server ends the connection', () => {
    it('logs the code and the reason of a server that shuts down', async () => {
      const other = await startApp();
      try {
        await connect(other.webSocketUrl);
        await reachState('Open');
      } finally {
        await other.close();
      }
      await reachState('Closed');

      expect((await rows()).at(-1)).toEqual(['Connection closed. Code: 1001. Reason: Server shutting down']);
      expect(await enabledControls()).toEqual(['endpoint', 'connectionUrl', 'connectButton']);
    });

    it.each<[string, (socket: WebSocket) => void, string]>([
      ['a code and a reason', (socket) => socket.close(4001, '<b>enough</b>'), 'Code: 4001. Reason: <b>enough</b>'],
      ['no code', (socket) => socket.close(), 'Code: 1005. Reason:'],
      ['no close frame at all', (socket) => socket.terminate(), 'Code: 1006. Reason:'],
    ])('logs a close with %s', async (_what, end, expected) => {
      await withServer(end, async (url) => {
        await connect(url);
        await reachState('Closed');

        expect((await rows()).map(([text]) => text?.trim())).toEqual([
          'Connection opened',
          `Connection closed. ${expected}`,
        ]);
      });
    });
  });

  describe('when it cannot connect', () => {
    it.each<[string, () => Promise<string>]>([
      ['a port that nobody listens on', async () => `ws://127.0.0.1:${await unusedPort()}/ws`],
      ['a path that has no WebSocket endpoint', () => Promise.resolve(`${app.webSocketUrl}/nowhere`)],
    ])('says so in the log: %s', async (_what, urlOf) => {
      const url = await urlOf();
      await connect(url);
      await reachState('Closed');

      const [problem, closed, ...others] = await rows();
      expect(problem?.[0]).toMatch(`Could not connect to ${url}. `);
      expect(closed?.[0]?.trim()).toBe('Connection closed. Code: 1006. Reason:');
      expect(others).toEqual([]);
      expect(await enabledControls()).toEqual(['endpoint', 'connectionUrl', 'connectButton']);
    });

    it.each([
      ['', 'Enter the URL of a WebSocket server'],
      ['hello', '"hello" is not a valid URL.'],
      ['ws://', '"ws://" is not a valid URL.'],
      ['http://127.0.0.1/ws', 'It has to start with ws:// or wss://.'],
      ['ws://127.0.0.1/ws#part', 'has a fragment (#).'],
    ])('says what is wrong with the URL "%s", and goes back to it', async (url, problem) => {
      await connect(url);

      expect((await rowsOnce(1))[0]?.[0]).toContain(problem);
      expect(await page.textContent('#stateLabel')).toBe('Ready to connect...');
      expect(await page.getAttribute('#connectionUrl', 'aria-invalid')).toBe('true');
      expect(await focusedId()).toBe('connectionUrl');
      expect(complaints).toEqual([]);

      await connect(app.webSocketUrl);
      await reachState('Open');
      expect(await page.getAttribute('#connectionUrl', 'aria-invalid')).toBeNull();
    });
  });

  describe('with a lot to show', () => {
    it('keeps the latest 1,000 rows, says so, and stays at the newest', async () => {
      const sent = 5_000;
      await withServer(
        (socket) => {
          for (let number = 1; number <= sent; number += 1) {
            socket.send(`message ${number}`);
          }
          socket.close(1000, 'All sent');
        },
        async (url) => {
          await connect(url);
          await reachState('Closed');

          const kept = await rows();
          expect(kept).toHaveLength(1_000);
          expect(kept[0]).toEqual(['Server', 'Client', 'message 4002']);
          expect(kept.at(-2)).toEqual(['Server', 'Client', `message ${sent}`]);
          expect(kept.at(-1)).toEqual(['Connection closed. Code: 1000. Reason: All sent']);
          expect(await page.textContent('#logLimit')).toBe('Keeps the latest 1,000 rows; 4,002 older rows gone.');
          expect(await isRowInView('last')).toBe(true);
        },
      );
    });

    it('stays where somebody has scrolled to', async () => {
      await withServer(
        (socket) => {
          for (let number = 1; number <= 200; number += 1) {
            socket.send(`message ${number}`);
          }
          socket.on('message', () => socket.send('one more'));
        },
        async (url) => {
          await connect(url);
          await rowsOnce(201);
          await page.locator('#commsLog tr').first().scrollIntoViewIfNeeded();
          await page.fill('#sendMessage', 'more');
          await page.click('#sendButton');
          await rowsOnce(203);

          expect(await isRowInView('first')).toBe(true);
        },
      );
    });

    it('shows a message of 64 KiB whole', async () => {
      const message = 'x'.repeat(65_536);
      await converse(message);

      expect((await rows())[2]?.[2]).toBe(message);
    });

    it.each([320, 375, 768, 1280])('fits a window %d pixels wide, without scrolling sideways', async (width) => {
      await page.setViewportSize({ width, height: 700 });
      await converse('unbroken'.repeat(500));
      await close();
      await connect(`ws://127.0.0.1:${await unusedPort()}/${'long'.repeat(100)}`);
      await rowsOnce(6);

      const tooWide = await page.evaluate<string[]>(`
        Array.from(document.querySelectorAll('html, body, body *'))
          .filter((element) => {
            const { left, right } = element.getBoundingClientRect();
            return !element.matches('input, select') && element.scrollWidth > element.clientWidth && element.clientWidth > 0
              || left < 0 || right > innerWidth;
          })
          .map((element) => element.outerHTML.slice(0, 80))
      `);
      expect(tooWide).toEqual([]);
    });
  });

  describe('for everybody', () => {
    it('can be used with the keyboard alone', async () => {
      await page.keyboard.press('Tab');
      expect(await focusedId()).toBe('endpoint');
      await page.keyboard.press('ArrowDown');
      expect(await page.inputValue('#connectionUrl')).toBe(webSocketUrl('/'));
      await page.keyboard.press('Tab');
      expect(await focusedId()).toBe('connectionUrl');
      await page.keyboard.press('Enter');
      await reachState('Open');

      expect(await focusedId()).toBe('sendMessage');
      await page.keyboard.type('one');
      await page.keyboard.press('Enter');
      await rowsOnce(3);
      // What was sent is selected, so that typing replaces it.
      await page.keyboard.type('two');
      await page.keyboard.press('Enter');
      expect((await rowsOnce(5)).map((row) => row.at(-1))).toEqual(['Connection opened', 'one', 'one', 'two', 'two']);

      await page.keyboard.press('Tab');
      expect(await focusedId()).toBe('sendButton');
      await page.keyboard.press('Tab');
      expect(await focusedId()).toBe('closeButton');
      await page.keyboard.press('Space');
      await reachState('Closed');

      expect(await focusedId()).toBe('connectButton');
      await page.keyboard.press('Tab');
      expect(await focusedId()).toBe('logView');
    });

    it('does not take the focus away from who reads the log', async () => {
      await withServer(ignore, async (url, server) => {
        await connect(url);
        await reachState('Open');
        await page.focus('#logView');
        for (const socket of server.clients) {
          socket.close(1000, 'Bye');
        }
        await reachState('Closed');

        expect(await focusedId()).toBe('logView');
      });
    });

    it('shows where the focus is', async () => {
      await connect();
      await reachState('Open');
      for (const id of ['sendMessage', 'sendButton', 'closeButton', 'logView']) {
        expect(await focusedId()).toBe(id);
        expect(
          await page.evaluate(`(({ outlineStyle, outlineWidth }) => outlineStyle + ' ' + outlineWidth)(
            getComputedStyle(document.activeElement))`),
        ).toBe('solid 3px');
        await page.keyboard.press('Tab');
      }
    });

    it('tells a screen reader the name of every control, and what is a status, a log and a table', async () => {
      await converse('Hello');
      const { nodes } = await (await context.newCDPSession(page)).send('Accessibility.getFullAXTree');
      const roles = ['heading', 'status', 'combobox', 'textbox', 'button', 'log', 'table', 'columnheader', 'cell'];

      expect(
        nodes
          .filter((node) => !node.ignored && roles.includes(String(node.role?.value)))
          .map((node) => `${node.role?.value}: ${node.name?.value}`),
      ).toEqual([
        'heading: WebSocket Echo',
        'status: Connection state',
        'combobox: Endpoint:',
        'textbox: WebSocket Server URL:',
        'button: Connect',
        'textbox: Message to send:',
        'button: Send',
        'button: Close Socket',
        'heading: Communication Log',
        'log: Communication Log',
        'table: Communication Log',
        'columnheader: From',
        'columnheader: To',
        'columnheader: Data',
        'cell: Connection opened',
        ...['Client', 'Server', 'Hello', 'Server', 'Client', 'Hello'].map((text) => `cell: ${text}`),
      ]);
    });

    it.each(['light', 'dark'] as const)('has enough contrast in a %s colour scheme', async (colorScheme) => {
      await page.emulateMedia({ colorScheme });
      expect((await contrastsOf(page)).filter(({ ratio, needed }) => ratio < needed)).toEqual([]);
      await connect(`ws://127.0.0.1:${await unusedPort()}`);
      await reachState('Closed');
      await connect(app.webSocketUrl);
      await reachState('Open');
      await page.fill('#sendMessage', 'Hello');
      await page.click('#sendButton');
      await rowsOnce(5);

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

    it('keeps still for who asked for less motion', async () => {
      const animations = 'document.getAnimations().length';
      await whileConnecting(async () => {
        expect(await page.evaluate(animations)).toBe(1);
        await page.emulateMedia({ reducedMotion: 'reduce' });
        expect(await page.evaluate(animations)).toBe(0);
      });
    });
  });
});

/** Runs a server that does to each WebSocket what the application, which only echoes, does not do. */
async function withServer(
  onConnection: (socket: WebSocket) => void,
  use: (url: string, server: WebSocketServer) => Promise<void>,
): Promise<void> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', onConnection);
  await once(server, 'listening');
  try {
    await use(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, server);
  } finally {
    for (const socket of server.clients) {
      socket.terminate();
    }
    server.close();
    await once(server, 'close');
  }
}

/** A port that was free a moment ago. */
async function unusedPort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function ignore(): void {}
