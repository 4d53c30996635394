import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { describeInBrowser, launchBrowser } from '../support/browser.js';
import { LogPage } from '../support/log-page.js';
import { startApp, type RunningApp } from '../support/start-app.js';

import.meta.jest.setTimeout(150_000);

/** The success criteria of WCAG 2.2, levels A and AA, that axe-core can check. */
const CRITERIA = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

describeInBrowser('The accessibility of the page', (executablePath) => {
  let app: RunningApp;
  let browser: Browser;
  let logPage: LogPage;
  let page: Page;
  let axe: string;

  beforeAll(async () => {
    axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    [app, browser] = await Promise.all([startApp(), launchBrowser(executablePath)]);
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await app?.close();
  });

  afterEach(async () => {
    expect(await logPage.close()).toEqual([]);
  });

  async function violations(): Promise<string[]> {
    await page.evaluate(axe);
    const { violations: found } = await page.evaluate<AxeResults>(
      `axe.run({ runOnly: ${JSON.stringify(CRITERIA)}, resultTypes: ['violations'] })`,
    );
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join('\n')}`);
  }

  describe.each([
    ['light', 1280],
    ['dark', 360],
  ] as const)('in a %s scheme, %d pixels wide,', (colorScheme, width) => {
    beforeEach(async () => {
      logPage = await LogPage.open(browser, app.url);
      page = logPage.page;
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme });
    });

    it.each<[string, () => Promise<void>]>([
      ['in its initial state', async () => {}],
      [
        'with a conversation and an open message',
        async () => {
          await logPage.converse('{"a":[1,"\u202e"]}');
          await page.locator('#commsLog tr').last().click();
        },
      ],
      [
        'with all options open',
        async () => {
          await logPage.open();
          await page.click('#connectionOptions > summary');
          await page.click('#messageOptions > summary');
          await page.click('#showFilter');
          await page.click('#fileMenu > summary');
        },
      ],
      [
        'with an error and several tabs',
        async () => {
          await logPage.connect('hello');
          await page.click('#newTab');
        },
      ],
      [
        'with the latency view',
        async () => {
          await logPage.converse('Hello');
          await page.click('#latencyTab');
        },
      ],
      ['with the list of shortcuts', () => page.click('#showHelp')],
    ])('meets WCAG 2.2 AA %s', async (_what, prepare) => {
      await prepare();

      expect(await violations()).toEqual([]);
    });
  });

  describe('with a screen reader', () => {
    beforeEach(async () => {
      logPage = await LogPage.open(browser, app.url);
      page = logPage.page;
    });

    it('announces a summary instead of every row', async () => {
      await logPage.converse('Hello');

      await page.locator('#announcer:text-matches("^Connection opened 1 message received[.]$")').waitFor();
      expect(await page.getAttribute('#logView', 'aria-live')).toBeNull();
    });

    it('exposes the number of rows, and the position of the visible ones', async () => {
      await logPage.converse('Hello');

      expect(await page.getAttribute('#logTable', 'aria-rowcount')).toBe('4');
      expect(
        await page.evaluate(
          "Array.from(document.querySelectorAll('#logTable tr'), (row) => row.getAttribute('aria-rowindex'))",
        ),
      ).toEqual(['1', '2', '3', '4']);
    });

    it('lists the shortcuts at a question mark outside text fields', async () => {
      await page.focus('#connectionUrl');
      await page.keyboard.type('?');
      expect(await page.isVisible('#help')).toBe(false);
      await page.focus('#logView');
      await page.keyboard.press('?');
      await page.locator('#help').waitFor();

      expect(await page.innerText('#shortcutList')).toContain('Alt+C');
    });

    it('switches views with the arrow keys', async () => {
      await page.focus('#messagesTab');
      await page.keyboard.press('ArrowRight');

      expect(await logPage.focusedId()).toBe('latencyTab');
      expect(await page.isVisible('#latencyView')).toBe(true);
    });
  });
});
