import { describeInBrowser, launchBrowser } from '../support/browser.js';
import { LogPage } from '../support/log-page.js';
import { closeApps, startApp } from '../support/start-app.js';

import.meta.jest.setTimeout(150_000);

afterAll(closeApps);

describeInBrowser('A smoke of the page', (executablePath) => {
  it('logs the opening, both messages and the closing', async () => {
    const [app, browser] = await Promise.all([startApp(), launchBrowser(executablePath)]);
    try {
      const page = await LogPage.open(browser, app.url);
      await page.converse('Hello, world');
      await page.closeSocket();

      expect(await page.rows()).toEqual([
        ['Connection opened'],
        ['Client', 'Server', 'Hello, world'],
        ['Server', 'Client', 'Hello, world'],
        ['Connection closed. Code: 1000. Reason: Closing from client'],
      ]);
    } finally {
      await browser.close();
    }
  });
});
