import { once } from 'node:events';
import { createReadStream, type ReadStream } from 'node:fs';
import { appendFile, writeFile } from 'node:fs/promises';
import { constants } from 'node:http2';
import { join } from 'node:path';
import { makeFolder } from '../support/folder.js';
import { endHttp2Clients, Http2Client } from '../support/http2-client.js';
import { startHttpsApp } from '../support/https-app.js';
import { RawClient } from '../support/raw-client.js';
import { closeApps, startApp, type RunningApp } from '../support/start-app.js';

/** Starts the application with a file at /file that is larger than the buffers of a client that does not read. */
async function startWithFile<T extends RunningApp>(
  start: (prepare: Parameters<typeof startApp>[1]) => Promise<T>,
): Promise<T & { path: string; file: Promise<ReadStream> }> {
  const path = join(makeFolder(), 'file.txt');
  await writeFile(path, 'x'.repeat(8 * 1024 * 1024));
  let opened!: (file: ReadStream) => void;
  const file = new Promise<ReadStream>((resolve) => (opened = resolve));
  const app = await start((nest) => {
    const fastify = nest.getHttpAdapter().getInstance();
    fastify.get('/slow', (_request, reply) => void reply.hijack());
    fastify.get('/file', (_request, reply) => {
      const stream = createReadStream(path);
      opened(stream);
      return reply.send(stream);
    });
  });
  return { ...app, path, file };
}

afterEach(endHttp2Clients);
afterEach(closeApps);
describe('The server closes the file of a response', () => {
  it('when the HTTP/2 stream is reset', async () => {
    const { url, ca, file } = await startWithFile((prepare) => startHttpsApp({}, prepare));
    const { session } = await Http2Client.connect(url, ca);
    const stream = session.request({ ':path': '/file' }).on('error', () => {});
    const closed = once(await file, 'close');
    stream.close(constants.NGHTTP2_CANCEL);

    await expect(closed).resolves.toEqual([]);
  });

  it('when the response is queued behind another one, and the client does not read', async () => {
    const { url, file } = await startWithFile((prepare) => startApp({}, prepare));
    const client = await RawClient.connect(Number(new URL(url).port));
    client.write(['/slow', '/file'].map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''));

    await expect(once(await file, 'close')).resolves.toEqual([]);
    client.destroy();
  });
});

it('The server reads a file again after it has changed', async () => {
  const { url, path } = await startWithFile((prepare) => startApp({}, prepare));
  const sizeNow = async (): Promise<number> => (await (await fetch(`${url}/file`)).text()).length;
  const before = await sizeNow();
  await appendFile(path, 'more');

  await expect(sizeNow()).resolves.toBe(before + 4);
});
