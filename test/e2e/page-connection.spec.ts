import type { Browser, Page } from 'playwright-core';
import { WebSocketServer } from 'ws';
import { describeInBrowser, launchBrowser } from '../support/browser.js';
import { freePort } from '../support/free-port.js';
import { LogPage, withServer, withSilentServer } from '../support/log-page.js';
import { startApp, type RunningApp } from '../support/start-app.js';

import.meta.jest.setTimeout(150_000);

describeInBrowser('Connections of the page', (executablePath) => {
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

  const openOptions = (): Promise<void> => page.click('#connectionOptions > summary');

  it('offer subprotocols, and show the selected one', async () => {
    await withServer(
      () => {},
      async (url) => {
        await openOptions();
        await page.fill('#subprotocols', 'chat, superchat');
        await logPage.open(url);

        expect(await page.innerText('#commsLog .note')).toMatch(/, subprotocol chat$/);
      },
    );
  });

  it('close with the chosen code and reason', async () => {
    const closes: [number, string][] = [];
    await withServer(
      (socket) => socket.on('close', (code, reason) => closes.push([code, String(reason)])),
      async (url) => {
        await openOptions();
        await page.fill('#closeCode', '4001');
        await page.fill('#closeReason', 'enough');
        await logPage.open(url);
        await logPage.closeSocket();

        expect(closes).toEqual([[4001, 'enough']]);
      },
    );
  });

  it('explain the rule that a close code violates, and stay open', async () => {
    await logPage.open();
    await openOptions();
    await page.fill('#closeCode', '1001');
    await page.click('#closeButton');

    expect(await page.textContent('#draftHint')).toContain('Browsers allow 1000 and 3000 to 4999');
    expect(await logPage.focusedId()).toBe('closeCode');
    expect(await page.textContent('#stateLabel')).toBe('Open');
  });

  it('reopen while the previous one is closing', async () => {
    await withServer(
      (socket) => {
        // A server that does not read does not answer the close either.
        socket.pause();
      },
      async (url) => {
        await logPage.open(url);
        await page.click('#closeButton');
        await logPage.reachState('Closing...');
        expect(await logPage.enabledControls()).toEqual(['endpoint', 'connectionUrl', 'connectButton']);
        await logPage.open(app.webSocketUrl);

        expect((await logPage.rows()).map(([text]) => text)).toEqual([
          'Connection opened',
          'Did not wait for the close handshake',
          'Connection opened',
        ]);
      },
    );
  });

  it('reconnect after a restart of the server if enabled', async () => {
    const port = await freePort();
    const listen = (): WebSocketServer => new WebSocketServer({ host: '127.0.0.1', port });
    let server = listen();
    await openOptions();
    await page.getByText('Reconnect when').click();
    await logPage.open(`ws://127.0.0.1:${port}/`);
    for (const socket of server.clients) {
      socket.close(1012, 'Restart');
    }
    await logPage.reachState('Closed');
    await new Promise((resolve) => server.close(resolve));
    server = listen();
    try {
      await logPage.reachState('Open');
      const texts = (await logPage.rows()).map(([text]) => text);
      expect(texts.slice(0, 3)).toEqual([
        'Connection opened',
        'Connection closed. Code: 1012. Reason: Restart',
        expect.stringMatching(/^Connecting again in [\d.]+ s \(attempt 1\)$/),
      ]);
      expect(texts.at(-1)).toBe('Connection opened');
    } finally {
      for (const socket of server.clients) {
        socket.terminate();
      }
      await page.getByText('Reconnect when').click();
      server.close();
    }
  });

  it('stop reconnecting when Close is pressed', async () => {
    await openOptions();
    await page.getByText('Reconnect when').click();
    await logPage.connect(`ws://127.0.0.1:${await freePort()}/`);
    await logPage.reachState('Closed');
    await page.click('#closeButton');

    await page.locator('#commsLog').getByText('No further attempts').waitFor();
    expect(await page.isDisabled('#closeButton')).toBe(true);
  });

  it('are side by side in tabs, each with its own log and settings', async () => {
    await logPage.converse('first');
    await page.click('#newTab');
    await logPage.open(app.webSocketUrl.replace('/ws', '/sockets'));
    await logPage.send('second');
    expect((await logPage.rowsOnce(3)).at(-1)?.[2]).toBe('Server Response to: second');
    await page.locator('.session-tab').first().click();
    expect((await logPage.rowsOnce(3)).at(-1)?.[2]).toBe('first');
    await logPage.send('still here');
    await logPage.rowsOnce(5);
    await page.keyboard.press('Alt+N');
    expect(await page.locator('.session-tab').count()).toBe(3);
    await page.click('#closeTab');
    await page.click('#closeTab');

    expect(await page.isVisible('#tabStrip')).toBe(false);
    expect(await page.textContent('#stateLabel')).toBe('Open');
  });

  it('are not opened by a link, which only fills in the settings', async () => {
    await openOptions();
    await page.fill('#connectionUrl', 'wss://example.com/ws');
    await page.fill('#subprotocols', 'chat');
    await page.click('#copyLink');
    await page.locator('#linkHint:not(:empty)').waitFor();
    await page.goto(`${app.url}/#url=ws%3A%2F%2Flocalhost%3A1%2Fx&subprotocols=a&draft=%3Cb%3E`);
    await page.reload();

    expect(await page.inputValue('#connectionUrl')).toBe('ws://localhost:1/x');
    expect(await page.inputValue('#subprotocols')).toBe('a');
    expect(await page.inputValue('#sendMessage')).toBe('<b>');
    expect(await page.textContent('#stateLabel')).toBe('Ready to connect...');
    expect(await page.evaluate('location.hash')).toBe('');
    expect(await logPage.rows()).toEqual([]);
  });

  it('suggest a first message that the endpoint understands', async () => {
    await page.selectOption('#endpoint', '/rpc');
    await logPage.open();
    await page.click('#sendButton');
    expect((await logPage.rowsOnce(3))[2]?.[2]).toBe('{"event":"add","data":{"id":1,"sum":3.5}}');
    await logPage.closeSocket();
    await page.selectOption('#endpoint', '/background');
    expect(await page.inputValue('#sendMessage')).toBe('Is anybody here?');
    await page.selectOption('#endpoint', '/ws');

    expect(await page.inputValue('#sendMessage')).toBe('');
  });

  it('explain a refused origin', async () => {
    const strict = await startApp({ ALLOWED_ORIGINS: 'https://example.com' });
    try {
      await logPage.connect(strict.webSocketUrl);
      await logPage.rowsOnce(3);

      expect(await page.textContent('#problem')).toMatch(/does not accept this page's origin/);
    } finally {
      await strict.close();
    }
  });

  it('can be cancelled while a server does not answer', async () => {
    await withSilentServer(async (url, connected) => {
      await logPage.connect(url);
      await connected;
      await page.keyboard.press('Alt+C');
      await logPage.reachState('Closed');

      expect(await logPage.rows()).toEqual([['Gave up connecting']]);
    });
  });
});
