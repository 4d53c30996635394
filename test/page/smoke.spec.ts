import { describeInBrowser, launchBrowser } from '../support/browser.js';
import { closeApps, startApp } from '../support/start-app.js';

afterAll(closeApps);

describeInBrowser('A smoke of the page', (executablePath) => {
  it('logs the opening, both messages and the closing', async () => {
    const [app, browser] = await Promise.all([startApp(), launchBrowser(executablePath)]);
    try {
      const page = await browser.newPage();
      await page.goto(app.url);
      await page.click('#connectButton');
      await page.locator('#stateLabel:text-is("Open")').waitFor();
      await page.fill('#sendMessage', 'Hello, world');
      await page.click('#sendButton');
      await page.locator('#commsLog tr').nth(2).waitFor();
      await page.click('#closeButton');
      await page.locator('#stateLabel:text-is("Closed")').waitFor();

      expect(await page.locator('#commsLog').innerText()).toBe(
        'Connection opened\n' +
          'Client\tServer\tHello, world\n' +
          'Server\tClient\tHello, world\n' +
          'Connection closed. Code: 1000. Reason: Closing from client',
      );
    } finally {
      await browser.close();
    }
  });
});
