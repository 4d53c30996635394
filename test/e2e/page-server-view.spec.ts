import type { Browser } from 'playwright-core';
import { describeInBrowser, launchBrowser } from '../support/browser.js';
import { describeWith } from '../support/installed-program.js';
import { LogPage } from '../support/log-page.js';
import { nginxProgram, startNginx } from '../support/nginx.js';
import { endProxies } from '../support/proxy-process.js';
import { closeApps, startApp } from '../support/start-app.js';

import.meta.jest.setTimeout(150_000);

describeInBrowser('The page’s view of what the server sees', (executablePath) => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchBrowser(executablePath);
  }, 60_000);
  afterEach(closeApps);
  afterAll(() => browser?.close());

  /** Has the page watch its next connection, on which a message is echoed and which is closed then. */
  async function watch(url: string): Promise<{ facts: string; headers: string; events: string[] }> {
    const logPage = await LogPage.open(browser, url);
    const { page } = logPage;
    await page.click('#serverTab');
    await page.locator('#watchServer:checked').waitFor();
    await page.click('#messagesTab');
    await logPage.converse('Hello');
    await logPage.closeSocket();
    await page.click('#serverTab');
    await page.locator('#serverEvents .event-close').waitFor();
    await page.click('#serverHeaders > summary');
    const seen = {
      facts: await page.innerText('#serverFacts'),
      headers: await page.innerText('#serverHeaderList'),
      events: await page.locator('#serverEvents tbody tr td:last-child').allInnerTexts(),
    };
    expect(await logPage.close()).toEqual([]);
    return seen;
  }

  /** The events of one echo and a close, the newest first. */
  const echoAndClose = [
    'Closed by the client. Code: 1000. Reason: Closing from client',
    expect.stringMatching(/^close, \d+ bytes, FIN, not masked$/),
    expect.stringMatching(/^close, \d+ bytes, FIN, masked$/),
    expect.stringMatching(/^text, \d+ bytes, FIN, RSV1 \(compressed\), not masked$/),
    expect.stringMatching(/^text, \d+ bytes, FIN, RSV1 \(compressed\), masked$/),
    expect.stringMatching(/^GET \/ws\?diagnostics=[0-9a-f]{32} HTTP\/1\.1, answered with 101$/),
  ];

  it('shows the headers and frames of its connection', async () => {
    const { url } = await startApp({ COMPRESSION: 'true' });
    const { facts, headers, events } = await watch(url);
    expect(events).toEqual(echoAndClose);
    expect(facts).toContain('permessage-deflate');
    expect(headers).toMatch(/User-Agent[\s\S]*Chrome/);
    expect(headers).toContain(`Origin\n${url}`);
  });

  it('is hidden where the server does not offer it', async () => {
    const { url } = await startApp({ DIAGNOSTICS: 'false' });
    const logPage = await LogPage.open(browser, url);
    const { page } = logPage;
    await page.click('#serverTab');
    await page.locator('#draftHint:text-matches("does not offer its view")').waitFor();

    expect(await page.isVisible('#serverTab')).toBe(false);
    expect(await page.isVisible('#messagesView')).toBe(true);
    expect(await logPage.close()).toEqual([]);
  });

  describeWith([nginxProgram], 'through nginx', () => {
    afterEach(endProxies);

    it('shows what nginx made of the handshake, and the frames', async () => {
      const { url } = await startApp({ COMPRESSION: 'true', TRUST_PROXY: 'loopback' });
      const { facts, headers, events } = await watch(await startNginx([url, url]));
      expect(events).toEqual(echoAndClose);
      expect(facts).toContain('Addresses\n127.0.0.1 → 127.0.0.1');
      expect(headers).toContain('X-Forwarded-For\n127.0.0.1');
    });
  });
});
