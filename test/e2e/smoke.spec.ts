import { readFile } from 'node:fs/promises';
import { text } from '../libs/websockets/protocol/client-frame.js';
import { describeInBrowser, launchBrowser } from '../support/browser.js';
import { makeCertificateFiles } from '../support/certificate.js';
import { echoOf } from '../support/echo-of.js';
import { endHttp2Clients, Http2Client } from '../support/http2-client.js';
import { LogPage } from '../support/log-page.js';
import { endServerProcesses, startServerProcess } from '../support/server-process.js';

import.meta.jest.setTimeout(150_000);

let http: string;
let https: string;
let ca: string;

beforeAll(async () => {
  const { cert, key } = await makeCertificateFiles();
  ca = await readFile(cert, 'utf8');
  const environment = { TLS_CERT: cert, TLS_KEY: key, HTTP2: 'true' };
  const server = startServerProcess(['--urls', 'http://127.0.0.1:0;https://127.0.0.1:0'], environment);
  [http, https] = await server.listening(2);
});
afterAll(endServerProcesses);
afterEach(endHttp2Clients);

describe('The built server', () => {
  it('echoes over HTTP/1.1', async () => {
    await expect(echoOf('Hello', http)).resolves.toBe('Hello');
  });

  it('echoes over HTTP/1.1 and TLS', async () => {
    await expect(echoOf('Hello', https, ca)).resolves.toBe('Hello');
  });

  it('echoes over HTTP/2', async () => {
    const webSocket = await (await Http2Client.connect(https, ca)).open('/ws');
    webSocket.write(text('Hello'));
    expect(await webSocket.readText()).toBe('Hello');
  });
});

describeInBrowser('The page of the built server', (executablePath) => {
  it('logs the opening, both messages and the closing', async () => {
    const browser = await launchBrowser(executablePath);
    try {
      const page = await LogPage.open(browser, http);
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
