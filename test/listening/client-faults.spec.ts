import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { jest } from '@jest/globals';
import { endHttp2Clients, Http2Client } from '../support/http2-client.js';
import { startHttpsApp, type HttpsApp } from '../support/https-app.js';
import { RawClient } from '../support/raw-client.js';
import { closeApps, startApp, type RunningApp } from '../support/start-app.js';

const body = { 'content-type': 'application/json', 'content-length': '1000' };

/** The logged warnings and errors. */
let alarms: string[];

/** Over http, and over https with HTTP/2. */
let http: RunningApp;
let https: HttpsApp;

beforeAll(async () => {
  alarms = [];
  for (const stream of [process.stdout, process.stderr]) {
    jest.spyOn(stream, 'write').mockImplementation((text) => {
      alarms.push(...(String(text).match(/.*\b(?:WARN|ERROR)\b.*/g) ?? []));
      return true;
    });
  }
  http = await startApp({ LOG_LEVEL: 'warn' });
  https = await startHttpsApp({ LOG_LEVEL: 'warn' });
});
afterEach(endHttp2Clients);
afterAll(async () => {
  await closeApps();
  jest.restoreAllMocks();
  // Those of the shutdown, too.
  expect(alarms).toEqual([]);
});

describe('The server logs no warning and no error', () => {
  it.each(['/ws', '/', '/swagger', '/nowhere'])(
    'when a client disconnects in the middle of a body for %s',
    async (path) => {
      const client = await RawClient.connect(Number(new URL(http.url).port));
      const arrived = once(http.app.getHttpServer(), 'request');
      client.write(`POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{`);
      const [{ socket }] = (await arrived) as [IncomingMessage];
      const gone = new Promise((resolve) => socket.once('close', resolve));
      client.destroy();
      await gone;

      expect(alarms).toEqual([]);
    },
  );

  it('when a client resets its HTTP/2 stream, or ends its connection, in the middle of a body', async () => {
    const { url, ca, app } = https;
    for (const end of ['reset', 'destroy']) {
      const { session } = await Http2Client.connect(url, ca);
      const arrived = once(app.getHttpServer(), 'request');
      const stream = session.request({ ':method': 'POST', ':path': '/ws', ...body }, { endStream: false });
      stream.on('error', () => {}).write('{');
      const [{ stream: served }] = (await arrived) as [{ stream: NodeJS.EventEmitter }];
      const gone = new Promise((resolve) => served.once('close', resolve));
      if (end === 'reset') {
        stream.close(8);
      } else {
        session.destroy();
      }
      await gone;
    }

    expect(alarms).toEqual([]);
  });

  it.each([
    ['a body that is not JSON', '{'],
    ['an empty JSON body', ''],
  ])('when a client sends %s', async (_what, text) => {
    const response = await fetch(`${http.url}/ws`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: text,
    });

    expect(response.status).toBe(400);
    await expect(response.json()).resolves.toMatchObject({ statusCode: 400 });
    expect(alarms).toEqual([]);
  });
});
