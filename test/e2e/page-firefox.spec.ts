import { Firefox, firefoxProgram, KEYS } from '../support/firefox.js';
import { describeWith } from '../support/installed-program.js';
import { freePort } from '../support/free-port.js';
import { withServer } from '../support/log-page.js';
import { startApp, type RunningApp } from '../support/start-app.js';

import.meta.jest.setTimeout(150_000);

describeWith([firefoxProgram], 'The page in Firefox', () => {
  let app: RunningApp;
  let firefox: Firefox;

  beforeAll(async () => {
    [app, firefox] = await Promise.all([startApp(), Firefox.launch(firefoxProgram.path ?? '')]);
  }, 120_000);

  afterAll(async () => {
    await firefox?.close();
    await app?.close();
  });

  beforeEach(async () => {
    await firefox.open('about:blank');
    await firefox.open(`${app.url}/`);
  });

  const rows = async (): Promise<unknown> =>
    JSON.parse(
      await firefox.evaluate(`JSON.stringify(Array.from(document.querySelectorAll('#commsLog tr'), (row) =>
        Array.from(row.querySelectorAll('td:not(.meta, .note)'), (cell) => cell.innerText)))`),
    );

  async function fillInUrl(url: string): Promise<void> {
    await firefox.evaluate(`{
      const box = document.getElementById('connectionUrl');
      box.value = ${JSON.stringify(url)};
      box.dispatchEvent(new Event('input'));
      ''
    }`);
  }

  async function connect(): Promise<void> {
    await firefox.click('#connectButton');
    await firefox.waitForText('#stateLabel', /^Open$/);
  }

  it('runs through the flow of the sample', async () => {
    await connect();
    await firefox.press('<b>one</b>');
    await firefox.press(KEYS.Enter, KEYS.Shift);
    await firefox.press(`two${KEYS.Enter}`);
    await firefox.waitForText('#logLimit', /^3 rows/);
    await firefox.click('#closeButton');
    await firefox.waitForText('#stateLabel', /^Closed$/);
    await firefox.waitForText('#logLimit', /^4 rows/);

    expect(await rows()).toEqual([
      ['Connection opened'],
      ['Client', 'Server', '<b>one</b>↵two'],
      ['Server', 'Client', '<b>one</b>↵two'],
      ['Connection closed. Code: 1000. Reason: Closing from client'],
    ]);
  });

  it('opens a message, and measures round-trip times', async () => {
    await connect();
    await firefox.press(`{"a":12345678901234567890}${KEYS.Enter}`);
    await firefox.waitForText('#logLimit', /^3 rows/);
    await firefox.click('#commsLog tr:last-child');
    await firefox.waitForText('#messageContent', /12345678901234567890/);
    await firefox.click('#latencyTab');

    await firefox.waitForText('#latencyFigures', /Median\s+[\d.]+ m?s/);
    expect(await firefox.evaluate("String(document.querySelectorAll('#roundTripPlot polyline').length)")).toBe('2');
  });

  it.each<[string, () => Promise<string>, RegExp]>([
    ['a missing server', async () => `ws://127.0.0.1:${await freePort()}/`, /No server answers at 127\.0\.0\.1/],
    ['a path without an endpoint', () => Promise.resolve(`${app.webSocketUrl}/nowhere`), /The server answers 404/],
    ['a blocked port', () => Promise.resolve('ws://127.0.0.1:6000/'), /Browsers block port 6000/],
  ])('explains %s', async (_what, urlOf, explanation) => {
    await fillInUrl(await urlOf());
    await firefox.click('#connectButton');

    await firefox.waitForText('#problem', explanation);
    expect(await firefox.evaluate("document.getElementById('stateLabel').innerText")).toMatch(/^(Closed|Ready)/);
  });

  it('keeps 100,000 rows, and follows the newest row in a flood', async () => {
    await withServer(
      (socket) => {
        for (let index = 1; index <= 120_000; index += 1) {
          socket.send(`message ${index}`);
        }
      },
      async (url) => {
        await fillInUrl(url);
        await firefox.click('#connectButton');
        await firefox.waitForText('#logLimit', /^Keeps the latest 100,000 rows; 20,001 older rows dropped\.$/);

        expect(await firefox.evaluate("document.querySelector('#commsLog tr:last-child .data').innerText")).toBe(
          'message 120000',
        );
      },
    );
  });
});
