import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { describeInBrowser, launchBrowser } from '../support/browser.js';
import { makeFolder } from '../support/folder.js';
import { LogPage, withServer } from '../support/log-page.js';
import { startApp, type RunningApp } from '../support/start-app.js';

import.meta.jest.setTimeout(150_000);

/** An element of `_webSocketMessages`. */
interface HarMessage {
  readonly type: string;
  readonly time: number;
  readonly opcode: number;
  readonly data: string;
}

describeInBrowser('The log of the page', (executablePath) => {
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

  /** The third cell of the first and of the last visible row. */
  function rowsInView(): Promise<[string, string]> {
    return page.evaluate<[string, string]>(`(() => {
      const view = document.getElementById('logView').getBoundingClientRect();
      const top = document.querySelector('#logTable thead').getBoundingClientRect().bottom;
      const seen = Array.from(document.querySelectorAll('#commsLog tr')).filter((row) => {
        const { top: from, bottom: to } = row.getBoundingClientRect();
        return from >= top - 1 && to <= view.bottom + 1;
      });
      const text = (row) => (row?.querySelector('.data') ?? row?.cells[0])?.innerText ?? '';
      return [text(seen[0]), text(seen.at(-1))];
    })()`);
  }

  /** The elements that overflow the window. */
  function elementsTooWide(): Promise<string[]> {
    return page.evaluate<string[]>(`
        Array.from(document.querySelectorAll('html, body, body *'))
          .filter((element) => {
            const { left, right, width } = element.getBoundingClientRect();
            const isClipped = element.closest('.visually-hidden, svg, #commsLog') !== null;
            return width > 0 && !isClipped && (left < 0 || right > innerWidth + 0.5);
          })
          .map((element) => element.outerHTML.slice(0, 80))
      `);
  }

  const number = (row: string): number => Number(row.split(' ')[1]);

  describe('for each message', () => {
    it('shows the size, the round-trip time, the time since the previous row, and the time of day', async () => {
      await logPage.converse('Hello');
      const cells = await page.locator('#commsLog tr').last().locator('td.meta').allInnerTexts();

      expect(cells).toEqual([
        '5 B',
        expect.stringMatching(/^[\d.]+ m?s$/),
        expect.stringMatching(/^\+[\d.]+ m?s$/),
        expect.stringMatching(/^\d\d:\d\d:\d\d\.\d{3}$/),
      ]);
    });

    it('shows the URL and the time of a connection', async () => {
      await logPage.open();

      expect(await page.locator('#commsLog .note').innerText()).toMatch(
        new RegExp(`^${app.webSocketUrl} in [\\d.]+ ms$`),
      );
    });

    it('makes control characters and bidi overrides visible', async () => {
      await logPage.converse('a\u202eb\u0000c\nd');

      expect((await logPage.rows())[2]).toEqual(['Server', 'Client', 'aU+202EbU+0000c↵d']);
      expect(await page.locator('#commsLog tr').last().locator('.spelled-out').count()).toBe(3);
    });

    it('marks an echo that differs from the sent message, with the difference', async () => {
      await withServer(
        (socket) =>
          socket.on('message', (data: Buffer) => {
            socket.send(data.toString().replace('wrong', 'Wrong'));
          }),
        async (url) => {
          await logPage.open(url);
          await logPage.send('right');
          await logPage.send('wrong');
          await logPage.rowsOnce(5);
          expect((await logPage.rows()).at(-1)?.[2]).toBe('≠ differs Wrong');
          await page.locator('#commsLog tr').last().click();

          expect(await page.textContent('#messageDifference')).toContain('sent "wrong", received "Wrong"');
        },
      );
    });
  });

  describe('with an open message', () => {
    it('formats JSON, folds it, and keeps the notation of numbers', async () => {
      await logPage.converse('{"a":{"b":[1,{"c":12345678901234567890}]},"d":"<b>x</b>"}');
      await page.locator('#commsLog tr').last().click();
      const content = page.locator('#messageContent');
      await content.getByText('[2]').waitFor();
      expect(await content.innerText()).toContain('"<b>x</b>"');
      expect(await content.innerText()).not.toContain('12345678901234567890');
      await content.locator('details details summary').last().click();
      await content.locator('details details details summary').last().click();

      await content.getByText('12345678901234567890').waitFor();
    });

    it('shows binary as a hex dump, and text unchanged', async () => {
      await withServer(
        (socket) => {
          socket.send(Buffer.from('Hello\u0000'));
        },
        async (url) => {
          await logPage.connect(url);
          await logPage.rowsOnce(2);
          await page.locator('#commsLog tr').last().click();
          expect(await page.innerText('#messageContent')).toContain('00000000  48 65 6c 6c 6f 00');
          await page.click('#showText');

          expect(await page.innerText('#messageContent')).toBe('HelloU+0000');
        },
      );
    });

    it('opens and closes it with the keyboard', async () => {
      await logPage.converse('Hello');
      await page.focus('#logView');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('ArrowUp');
      await page.keyboard.press('Enter');
      expect(await page.textContent('#messageTitle')).toBe('Client to Server');
      await page.keyboard.press('Escape');

      expect(await page.isVisible('#messageView')).toBe(false);
      expect(await logPage.focusedId()).toBe('logView');
    });

    it('shows a message of 100 MiB in parts, and saves it completely', async () => {
      const size = 100 * 1_048_576;
      await withServer(
        (socket) => {
          socket.send('<b>'.padEnd(size, 'x'));
        },
        async (url) => {
          await logPage.connect(url);
          await page.locator('#logTable[aria-rowcount="3"]').waitFor({ timeout: 60_000 });
          await page.locator('#commsLog tr').last().click();
          expect(await page.locator('#messageContent').innerText()).toMatch(/^<b>x+$/);
          await page.click('#showMore');
          expect((await page.locator('#messageContent').innerText()).length).toBe(65_536);
          const { name, content } = await logPage.download(() => page.click('#saveMessageFile'));

          expect([name, content.length]).toEqual(['message.txt', size]);
        },
      );
    });
  });

  describe('with many rows', () => {
    it('keeps the latest 100,000 rows, renders only the visible ones, and scrolls to any of them', async () => {
      const sent = 120_000;
      await withServer(
        (socket) => {
          for (let index = 1; index <= sent; index += 1) {
            socket.send(`message ${index}`);
          }
          socket.close(1000, 'All sent');
        },
        async (url) => {
          await logPage.connect(url, 60_000);
          await page.locator('#stateLabel:text-is("Closed")').waitFor({ timeout: 60_000 });
          await logPage.rowsOnce(100_000);

          expect(await page.textContent('#logLimit')).toBe('Keeps the latest 100,000 rows; 20,002 older rows dropped.');
          expect((await rowsInView())[1]).toBe('Connection closed. Code: 1000. Reason: All sent');
          expect(await page.locator('#commsLog tr').count()).toBeLessThan(100);
          await page.focus('#logView');
          await page.keyboard.press('Home');
          await page.locator('#commsLog tr[aria-rowindex="2"]').waitFor();
          expect((await rowsInView())[0]).toBe('message 20002');
          await page.evaluate("document.getElementById('logView').scrollTop /= 2");
          await page.click('#toNewest');
          await page.locator('#commsLog tr[aria-rowindex="100001"]').waitFor();
        },
      );
    });

    it('keeps its scroll position while rows arrive, and offers a way back', async () => {
      await withServer(
        (socket) => {
          for (let index = 1; index <= 200; index += 1) {
            socket.send(`message ${index}`);
          }
          socket.on('message', () => socket.send('one more'));
        },
        async (url) => {
          await logPage.connect(url);
          await logPage.rowsOnce(201);
          await page.evaluate("document.getElementById('logView').scrollTop = 1000");
          await page.locator('#toNewest').waitFor();
          const [first] = await rowsInView();
          // The heartbeat sends it, because the Send button scrolls to the newest row.
          await page.click('#messageOptions > summary');
          await page.click('#heartbeatButton');
          await logPage.rowsOnce(203);

          expect((await rowsInView())[0]).toBe(first);
          expect(number(first)).toBeGreaterThan(10);
        },
      );
    });

    it('stays responsive in a flood, with little delay', async () => {
      await withServer(
        (socket) => {
          const timer = setInterval(() => {
            for (let index = 0; index < 100; index += 1) {
              socket.send(`sent ${Date.now()}`);
            }
          }, 10);
          socket.on('close', () => clearInterval(timer));
        },
        async (url) => {
          await logPage.open(url);
          await page.locator('#logLimit:text-matches("^([5-9]|[0-9]{2,}),[0-9]{3} rows")').waitFor();
          await page.fill('#sendMessage', 'typed in the flood');
          expect(await page.inputValue('#sendMessage')).toBe('typed in the flood');
          await logPage.closeSocket();

          await page.locator('#commsLog tr').getByText('Connection closed. Code: 1000.').waitFor();
        },
      );
    });

    it.each([320, 375, 768, 1280, 3840])('fits a window %d pixels wide without horizontal scrolling', async (width) => {
      await page.setViewportSize({ width, height: 800 });
      expect(await elementsTooWide()).toEqual([]);
      await logPage.converse('unbroken'.repeat(500));
      await page.locator('#commsLog tr').last().click();
      await page.click('#closeMessage');
      await page.click('#showFilter');
      for (const id of ['connectionOptions', 'messageOptions']) {
        await page.click(`#${id} > summary`);
      }
      expect(await elementsTooWide()).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    });

    it('shows the state, the error and the newest row on a phone without scrolling', async () => {
      await page.setViewportSize({ width: 360, height: 640 });
      await logPage.connect(`${app.webSocketUrl}/nowhere`);
      await logPage.rowsOnce(3);
      await page.locator('#problem:text-matches("404")').waitFor();

      for (const selector of ['#stateLabel', '#problem', '#commsLog tr:last-child']) {
        const box = await page.locator(selector).boundingBox();
        expect([selector, box && box.y >= 0 && box.y + box.height <= 640]).toEqual([selector, true]);
      }
    });
  });

  describe('with its toolbar', () => {
    beforeEach(async () => {
      await logPage.converse('Hello');
    });

    it('filters by text, direction and kind', async () => {
      await page.click('#showFilter');
      await page.fill('#filterPattern', '^hel+o$');
      expect(await logPage.rowsOnce(2)).toEqual([
        ['Client', 'Server', 'Hello'],
        ['Server', 'Client', 'Hello'],
      ]);
      await page.selectOption('#filterFrom', 'Server');
      expect(await logPage.rowsOnce(1)).toEqual([['Server', 'Client', 'Hello']]);
      await page.fill('#filterPattern', '(');
      await page.locator('#filterHint:text-matches("regular expression")').waitFor();
      await page.click('#showFilter');

      await logPage.rowsOnce(3);
    });

    it('pauses and resumes', async () => {
      await page.click('#pauseLog');
      await logPage.send('unseen');
      await page.locator('#toNewest:text-is("Paused, 2 new")').waitFor();
      expect((await logPage.rows()).length).toBe(3);
      await page.click('#pauseLog');

      await logPage.rowsOnce(5);
    });

    it('clears the rows', async () => {
      await page.click('#clearLog');

      expect(await logPage.rowsOnce(0)).toEqual([]);
    });

    it.each([
      ['Ndjson', 'ndjson', /^\{"time".*\n\{"time".*"data":"Hello"\}\n/],
      ['Csv', 'csv', /^time,from,.*\r\n.*\r\n[^,]*,Client,Server,text,5,,,Hello\r\n/],
      ['Har', 'har', /"_webSocketMessages"/],
    ])('exports its rows as %s', async (button, extension, pattern) => {
      await page.click('#fileMenu > summary');
      const { name, content } = await logPage.download(() => page.click(`#export${button}`));

      expect(name).toMatch(new RegExp(`^log-.*\\.${extension}$`));
      expect(String(content)).toMatch(pattern);
    });

    it("exports the messages of Chrome's developer tools as HAR", async () => {
      const seen: unknown[] = [];
      const protocol = await page.context().newCDPSession(page);
      const record =
        (type: string) => (event: { timestamp: number; response: { opcode: number; payloadData: string } }) =>
          seen.push({ type, opcode: event.response.opcode, data: event.response.payloadData });
      protocol.on('Network.webSocketFrameSent', record('send'));
      protocol.on('Network.webSocketFrameReceived', record('receive'));
      await protocol.send('Network.enable');
      await logPage.closeSocket();
      await page.click('#clearLog');
      await logPage.converse('Grüße 👋\n{"a": 1}');
      await page.setInputFiles('#file', { name: 'all.bin', mimeType: '', buffer: Buffer.from([0, 127, 128, 255]) });
      await logPage.rowsOnce(5);

      await page.click('#fileMenu > summary');
      const { content } = await logPage.download(() => page.click('#exportHar'));
      const { log } = JSON.parse(String(content)) as { log: { entries: { _webSocketMessages: HarMessage[] }[] } };
      const messages = log.entries.flatMap((entry) => entry['_webSocketMessages']);

      expect(messages.map(({ time: _time, ...message }) => message)).toEqual(seen);
      expect(seen).toContainEqual({ type: 'receive', opcode: 2, data: 'AH+A/w==' });
      // `HAREntry` of the developer tools writes these fields, with the time in seconds since 1970.
      const now = Date.now() / 1_000;
      for (const message of messages) {
        expect(Object.keys(message)).toEqual(['type', 'time', 'opcode', 'data']);
        expect(Math.abs(message.time - now)).toBeLessThan(3_600);
      }
    });

    it('opens a HAR file in a new tab', async () => {
      const path = join(makeFolder(), 'recorded.har');
      await page.click('#fileMenu > summary');
      const { content } = await logPage.download(() => page.click('#exportHar'));
      await writeFile(path, content);
      await page.setInputFiles('#harFile', path);

      expect(await page.locator('[role=tab][aria-selected=true].session-tab').innerText()).toBe('recorded.har');
      expect((await logPage.rowsOnce(3)).slice(1)).toEqual([
        ['Client', 'Server', 'Hello'],
        ['Server', 'Client', 'Hello'],
      ]);
      expect(await logPage.enabledControls()).toEqual([]);
      await writeFile(path, 'nonsense');
      await page.setInputFiles('#harFile', path);
      await page.locator('#problem:text-matches("is not JSON")').waitFor();
      expect(String(await readFile(path))).toBe('nonsense');
    });
  });

  it('shows round-trip times and throughput as numbers and plots', async () => {
    await logPage.converse('Hello');
    await page.click('#latencyTab');
    await page.locator('#latencyFigures').getByText('Median').waitFor();

    expect(await page.locator('#latencyFigures dt').allInnerTexts()).toEqual([
      'Round trips',
      'Shortest',
      'Median',
      'p99',
      'Longest',
    ]);
    expect(await page.locator('#histogram .bar-count').allInnerTexts()).toEqual(['1']);
    expect(await page.locator('#roundTripPlot polyline').count()).toBe(2);
  });
});
