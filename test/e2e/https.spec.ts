import { once } from 'node:events';
import { copyFile, readFile, rename, writeFile } from 'node:fs/promises';
import { connect as connectHttp2 } from 'node:http2';
import { get } from 'node:https';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { jest } from '@jest/globals';
import { WebSocket } from 'ws';
import { makeCertificateFiles } from '../support/certificate.js';
import { echoOf } from '../support/echo-of.js';
import { makeFolder } from '../support/folder.js';
import { startHttpsApp } from '../support/https-app.js';
import { endServerProcesses, startServerProcess, type ServerProcess } from '../support/server-process.js';
import { closeApps, startApp } from '../support/start-app.js';

/** The status and the body of the response to a GET request over HTTP/1.1. */
function fetchHttp1(url: string, ca: string): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    get(url, { ca, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode, body }));
    }).on('error', reject);
  });
}

/** The same over HTTP/2. */
async function fetchHttp2(url: string, ca: string): Promise<{ status: number | undefined; body: string }> {
  const session = connectHttp2(url, { ca });
  const stream = session.request({ ':path': new URL(url).pathname }).setEncoding('utf8');
  const [headers] = (await once(stream, 'response')) as [{ ':status'?: number }];
  let body = '';
  for await (const text of stream) {
    body += String(text);
  }
  session.close();
  return { status: headers[':status'], body };
}

/** A TLS connection without a request. */
async function connectTls(url: string, ca: string, ALPNProtocols = ['http/1.1']): Promise<TLSSocket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), ca, ALPNProtocols });
  await once(socket, 'secureConnect');
  return socket;
}

/** Accepts any certificate; the test checks it afterwards. */
async function fingerprintAt(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

afterEach(endServerProcesses);
afterEach(closeApps);
describe('Over https, the application', () => {
  it('accepts WebSockets', async () => {
    const { url, ca } = await startHttpsApp();

    await expect(echoOf('hello', url, ca)).resolves.toBe('hello');
  });

  it.each([
    ['HTTP/1.1', fetchHttp1],
    ['HTTP/2', fetchHttp2],
  ])('serves requests over %s', async (_version, fetchOver) => {
    const { url, ca } = await startHttpsApp();

    await expect(fetchOver(`${url}/`, ca)).resolves.toMatchObject({
      status: 200,
      body: expect.stringContaining('commsLog') as string,
    });
    await expect(fetchOver(`${url}/ws`, ca)).resolves.toMatchObject({
      status: 400,
      body: expect.stringContaining('Expected a WebSocket handshake') as string,
    });
    await expect(fetchOver(`${url}/nowhere`, ca)).resolves.toMatchObject({ status: 404 });
  });

  it('answers an upgrade to another protocol like the same request without the upgrade', async () => {
    const { url, ca } = await startHttpsApp();
    const socket = await connectTls(url, ca);

    socket.write('GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n');

    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 400 /);
    socket.destroy();
  });

  it.each([
    ['true', 'h2'],
    ['false', 'http/1.1'],
  ])('with HTTP2=%s selects %s for a client that offers both versions', async (value, expected) => {
    const { url, ca } = await startHttpsApp({ HTTP2: value });
    const socket = await connectTls(url, ca, ['h2', 'http/1.1']);

    expect(socket.alpnProtocol).toBe(expected);
    socket.destroy();
  });

  it('listens on http and https addresses at the same time, in any order', async () => {
    const { urls, ca } = await startHttpsApp({
      URLS: 'https://localhost:0;http://127.0.0.1:0;https://127.0.0.1:0;http://localhost:0',
    });

    expect(urls).toEqual([
      expect.stringMatching(/^https:\/\/localhost:[1-9]/),
      expect.stringMatching(/^http:\/\/127\.0\.0\.1:[1-9]/),
      expect.stringMatching(/^https:\/\/127\.0\.0\.1:[1-9]/),
      expect.stringMatching(/^http:\/\/localhost:[1-9]/),
    ]);
    for (const url of urls) {
      await expect(echoOf(url, url, ca)).resolves.toBe(url);
    }
  });

  it('ends idle connections when it closes', async () => {
    const { url, ca, close } = await startHttpsApp();
    const sockets = await Promise.all([connectTls(url, ca), connectTls(url, ca)]);
    const session = connectHttp2(url, { ca });
    await once(session, 'connect');
    const ends = [...sockets, session].map((connection) => {
      // A connection with unread data is reset at its close, which is also an end.
      connection.on('error', () => {});
      return new Promise<void>((resolve) => connection.once('close', () => resolve()));
    });
    sockets.forEach((socket) => socket.resume());

    await close();

    await expect(Promise.all(ends)).resolves.toHaveLength(3);
  });

  it('closes WebSockets with 1001 when it closes', async () => {
    const { webSocketUrl, ca, close } = await startHttpsApp();
    const webSocket = new WebSocket(webSocketUrl, { ca });
    await once(webSocket, 'open');
    const closed = once(webSocket, 'close');

    await close();

    expect((await closed)[0]).toBe(1001);
  });

  it('is not affected by a client that does not use TLS', async () => {
    const { url, ca } = await startHttpsApp();

    await expect(fetch(url.replace('https', 'http'))).rejects.toThrow('fetch failed');

    await expect(echoOf('hello', url, ca)).resolves.toBe('hello');
  });
});

describe('The certificate in TLS_CERT and TLS_KEY', () => {
  it.each(['a rename', 'SIGHUP'])('is reloaded after %s, and connections stay open', async (how) => {
    const [{ cert, key }, others] = await Promise.all([makeCertificateFiles(), makeCertificateFiles()]);
    const ca = await readFile(cert, 'utf8');
    const log = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    const { url, webSocketUrl } = await startApp({
      URLS: 'https://127.0.0.1:0',
      TLS_CERT: cert,
      TLS_KEY: key,
      LOG_LEVEL: 'log',
    });
    const webSocket = new WebSocket(webSocketUrl, { ca });
    await once(webSocket, 'open');
    const before = await fingerprintAt(url);
    const changed = new Promise<void>((resolve) => {
      log.mockImplementation((line) => {
        if (String(line).includes('The new certificate is in use')) {
          resolve();
        }
        return true;
      });
    });

    if (how === 'SIGHUP') {
      await copyFile(others.key, key);
      await copyFile(others.cert, cert);
      process.emit('SIGHUP');
    } else {
      await rename(others.key, key);
      await rename(others.cert, cert);
    }
    await changed;
    log.mockRestore();

    expect(await fingerprintAt(url)).not.toBe(before);
    await expect(echoOf('new', url, await readFile(cert, 'utf8'))).resolves.toBe('new');
    webSocket.send('still there?');
    expect(String((await once(webSocket, 'message'))[0])).toBe('still there?');
    webSocket.terminate();
  });

  it('stays in use when the new one is invalid, with a warning', async () => {
    const { cert, key } = await makeCertificateFiles();
    const ca = await readFile(cert, 'utf8');
    const warned = new Promise<string>((resolve) => {
      jest.spyOn(process.stdout, 'write').mockImplementation((line) => {
        if (String(line).includes('WARN')) {
          resolve(String(line));
        }
        return true;
      });
    });
    const { url } = await startApp({
      URLS: 'https://127.0.0.1:0',
      TLS_CERT: cert,
      TLS_KEY: key,
      LOG_LEVEL: 'warn',
    });

    await writeFile(cert, 'no certificate');
    process.emit('SIGHUP');
    const warning = await warned;
    jest.restoreAllMocks();

    expect(warning).toContain(`TLS_CERT is "${cert}", which is not a certificate in PEM format`);
    await expect(echoOf('hello', url, ca)).resolves.toBe('hello');
  });

  it('is not watched after the application has closed', async () => {
    const before = process.listenerCount('SIGHUP');
    const { close } = await startHttpsApp();

    expect(process.listenerCount('SIGHUP')).toBe(before + 1);
    await close();

    expect(process.listenerCount('SIGHUP')).toBe(before);
  });

  it('stops the start with one line when it is invalid', async () => {
    const { cert } = await makeCertificateFiles();
    const missing = join(makeFolder(), 'missing.key');
    const urls = 'http://127.0.0.1:0;https://127.0.0.1:0';

    const { code, stdout, stderr } = await startServerProcess(['--urls', urls], { TLS_CERT: cert, TLS_KEY: missing })
      .exit;

    expect(stderr).toBe(`TLS_KEY is "${missing}": the file does not exist.\n`);
    expect(code).toBe(1);
    expect(stdout).not.toContain('listening');
  });
});

describe('Without TLS_CERT and TLS_KEY', () => {
  it('the development certificate is created once, and the log states its path and how to trust it', async () => {
    const folder = makeFolder();
    const path = join(folder, 'nest-ws-echo', 'localhost.crt');
    const start = (): ServerProcess =>
      startServerProcess(['--urls', 'https://localhost:0'], { XDG_CACHE_HOME: folder });
    const first = start();
    const [url = ''] = await first.listening();
    const ca = await readFile(path, 'utf8');
    await expect(echoOf('hello', url, ca)).resolves.toBe('hello');
    first.child.kill('SIGTERM');
    const { stdout, stderr } = await first.exit;

    expect(stdout).toContain(`The development certificate for localhost is ${path}.`);
    expect(stdout).toContain(`NODE_EXTRA_CA_CERTS="${path}"`);
    expect(stderr).toBe('');

    const [again = ''] = await start().listening();
    await expect(echoOf('hello', again, ca)).resolves.toBe('hello');
    await expect(readFile(path, 'utf8')).resolves.toBe(ca);
  });
});
