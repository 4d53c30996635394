import type { Browser, Page } from 'playwright-core';
import { describeInBrowser, launchBrowser } from '../support/browser.js';
import { LogPage } from '../support/log-page.js';
import { startApp, type RunningApp } from '../support/start-app.js';

import.meta.jest.setTimeout(150_000);

describeInBrowser('The message box of the page', (executablePath) => {
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
    await page.click('#messageOptions > summary');
    await logPage.open();
  });

  afterEach(async () => {
    expect(await logPage.close()).toEqual([]);
  });

  it('accepts several lines: Shift+Enter breaks the line, Enter sends', async () => {
    await page.focus('#sendMessage');
    await page.keyboard.type('one');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('two');
    await page.keyboard.press('Enter');

    expect((await logPage.rowsOnce(3))[2]).toEqual(['Server', 'Client', 'one↵two']);
  });

  it('recalls sent messages with the arrow keys, and returns to the draft', async () => {
    await logPage.send('first');
    await logPage.send('second');
    await page.fill('#sendMessage', 'draft');
    const texts: string[] = [];
    for (const key of ['ArrowUp', 'ArrowUp', 'ArrowUp', 'ArrowDown', 'ArrowDown']) {
      await page.keyboard.press(key);
      texts.push(await page.inputValue('#sendMessage'));
    }

    expect(texts).toEqual(['second', 'first', 'first', 'second', 'draft']);
  });

  it.each([
    ['hex', '48 65 6c', 'Binary, 3 bytes: 48 65 6c'],
    ['base64', 'SGVs', 'Binary, 3 bytes: 48 65 6c'],
    ['json', '{"a": 1}', '{"a": 1}'],
  ])('sends %s', async (format, input, expected) => {
    await page.selectOption('#format', format);
    await logPage.send(input);

    expect((await logPage.rowsOnce(3))[2]).toEqual(['Server', 'Client', expected]);
  });

  it('refuses an invalid message, and states the reason', async () => {
    await page.selectOption('#format', 'json');
    await logPage.send('{"a":');

    expect(await page.textContent('#draftHint')).toMatch(/^The message is not JSON\. /);
    expect(await page.getAttribute('#sendMessage', 'aria-invalid')).toBe('true');
    expect(await logPage.rows()).toHaveLength(1);
  });

  it('formats JSON', async () => {
    await page.selectOption('#format', 'json');
    await page.fill('#sendMessage', '{"a":[1]}');
    await page.click('#formatJson');
    expect(await page.inputValue('#sendMessage')).toBe('{\n  "a": [\n    1\n  ]\n}');
    await page.click('#compactJson');

    expect(await page.inputValue('#sendMessage')).toBe('{"a":[1]}');
  });

  it('sends a selected or dropped file', async () => {
    await page.setInputFiles('#file', { name: 'a.bin', mimeType: '', buffer: Buffer.from([0, 255]) });
    await logPage.rowsOnce(3);
    await page.evaluate(`{
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([new Uint8Array([1])], 'b.bin'));
      document.getElementById('sendMessage').dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true }));
    }`);

    expect((await logPage.rowsOnce(5)).map((row) => row.at(-1)).slice(1)).toEqual([
      'Binary, 2 bytes: 00 ff',
      'Binary, 2 bytes: 00 ff',
      'Binary, 1 byte: 01',
      'Binary, 1 byte: 01',
    ]);
  });

  it('fills in placeholders if enabled, and says so if not', async () => {
    await page.fill('#sendMessage', 'number {{n}}');
    expect(await page.textContent('#draftHint')).toContain('sent unchanged');
    await page.getByText('Fill in {{n}}').click();
    await page.click('#sendButton');
    await page.click('#sendButton');

    const rows = await logPage.rowsOnce(5);
    expect(rows.filter(([from]) => from === 'Server').map((row) => row[2])).toEqual(['number 1', 'number 2']);
  });

  it('saves messages by name across a reload, and deletes them', async () => {
    await page.fill('#sendMessage', 'kept');
    await page.fill('#savedName', 'mine');
    await page.click('#saveMessage');
    await page.reload();
    await page.selectOption('#savedMessages', 'mine');
    expect(await page.inputValue('#sendMessage')).toBe('kept');
    await page.click('#deleteSaved');

    expect(await page.locator('#savedMessages option').count()).toBe(1);
  });

  it('repeats a message', async () => {
    await page.fill('#sendMessage', 'again');
    await page.fill('#repeatTimes', '3');
    await page.fill('#repeatInterval', '1');
    await page.click('#repeatButton');

    await logPage.rowsOnce(7);
    expect(await page.textContent('#progress')).toMatch(/^Repeated: 3 of 3 sent in /);
  });

  it('sends a burst, which can be stopped', async () => {
    await page.fill('#burstCount', '1000');
    await page.click('#burstButton');
    expect((await logPage.rowsOnce(2_001)).at(-1)?.[2]).toBe(`1000 ${'x'.repeat(27)}`);
    await page.fill('#burstCount', '10000000');
    await page.click('#burstButton');
    await page.locator('#burstButton:text-is("Stop")').click();

    await page.locator('#progress:text-matches("^Burst: [0-9]+ of 10000000 sent in ")').waitFor();
  });

  it('sends a heartbeat', async () => {
    await page.fill('#heartbeatInterval', '0.1');
    await page.click('#heartbeatButton');
    // The opening, and two heartbeats with their echoes; more may have come.
    await page.locator('#commsLog tr').nth(4).waitFor({ state: 'attached' });
    await page.click('#heartbeatButton');

    expect((await logPage.rows())[1]).toEqual(['Client', 'Server', 'heartbeat']);
  });

  it('keeps the draft, the URL and the settings across a reload', async () => {
    await page.fill('#sendMessage', 'a draft\nof two lines');
    await page.selectOption('#format', 'hex');
    await logPage.closeSocket();
    await page.fill('#connectionUrl', 'wss://example.com/ws');
    await page.reload();

    expect(await page.inputValue('#sendMessage')).toBe('a draft\nof two lines');
    expect(await page.inputValue('#format')).toBe('hex');
    expect(await page.inputValue('#connectionUrl')).toBe('wss://example.com/ws');
    expect(await page.isVisible('#repeatButton')).toBe(true);
    expect(await page.textContent('#stateLabel')).toBe('Ready to connect...');
  });
});
