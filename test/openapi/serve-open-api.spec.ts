import type { Browser, Page } from 'playwright-core';
import { describeInBrowser, launchBrowser } from '../support/browser.js';
import { closeApps, startApp, type RunningApp } from '../support/start-app.js';

let app: RunningApp;

beforeAll(async () => {
  app = await startApp();
});
afterAll(closeApps);

describe('The Swagger UI module', () => {
  it.each([
    ['/swagger', 'text/html'],
    ['/swagger/', 'text/html'],
    ['/Swagger', 'text/html'],
    ['/swagger/swagger-ui.css', 'text/css'],
    ['/swagger/swagger-ui-bundle.js', 'javascript'],
    ['/swagger/start.js', 'javascript'],
    ['/swagger-json', 'application/json'],
  ])('answers %s with %s and strict headers', async (path, type) => {
    const response = await fetch(`${app.url}${path}`);
    await response.arrayBuffer();
    const policy = response.headers.get('Content-Security-Policy')?.split('; ');

    expect(response.status).toBe(200);
    expect(response.headers.get('Content-Type')).toContain(type);
    expect(policy).toEqual(expect.arrayContaining(["default-src 'none'", "script-src 'self'", "style-src 'self'"]));
    expect(policy?.join()).not.toMatch(/unsafe|http/);
    expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(response.headers.get('Cache-Control')).toBe('no-cache');
  });

  it.each(['/swagger/index.html', '/swagger/package.json', '/swagger/..%2fpackage.json', '/swagger-yaml'])(
    'does not serve %s',
    async (path) => {
      const response = await fetch(`${app.url}${path}`);

      expect(response.status).toBe(404);
      await expect(response.json()).resolves.toMatchObject({ statusCode: 404 });
    },
  );

  it('leaves the content security policy of the page unchanged', async () => {
    const response = await fetch(app.url);

    expect(response.headers.get('Content-Security-Policy')).toContain("require-trusted-types-for 'script'");
  });
});

describeInBrowser('Swagger UI', (executablePath) => {
  let browser: Browser;
  let page: Page;
  /** The errors in the browser: uncaught exceptions, failed requests, violations of the policy. */
  const complaints: string[] = [];
  const requests: string[] = [];

  beforeAll(async () => {
    browser = await launchBrowser(executablePath);
    page = await browser.newPage();
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => complaints.push(message.text()));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(`${app.url}/swagger`);
    await page.locator('#operations-WebSockets-SocketsController_respond').waitFor();
  }, 60_000);
  afterAll(() => browser?.close());

  it('shows the operations with their summaries', async () => {
    const shown = await page.locator('.opblock-summary').allInnerTexts();

    expect(shown.map((text) => text.replaceAll(/[\u200b\s]+/g, ' ').trim())).toEqual(
      expect.arrayContaining([
        'GET / Echo, and the page',
        'GET /ws Echo',
        'GET /sockets Answer each message with "Server Response to: " and the message',
      ]),
    );
  });

  it('shows the responses to a handshake, and offers no "Try it out"', async () => {
    const operation = page.locator('#operations-WebSockets-SocketsController_respond');
    await operation.locator('.opblock-summary-control').click();
    await operation.locator('.response').first().waitFor();

    expect(await operation.locator('tbody .response-col_status').allInnerTexts()).toEqual([
      '101',
      '400',
      '403',
      '426',
      '429',
      '503',
    ]);
    expect(await page.locator('.try-out').count()).toBe(0);
  });

  it('obeys its content security policy, and loads nothing from other origins', () => {
    expect(complaints).toEqual([]);
    expect(requests.filter((url) => !url.startsWith(app.url))).toEqual([]);
    expect(requests).toContain(`${app.url}/swagger-json`);
  });
});
