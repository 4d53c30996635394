import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { WebSocketServer } from 'ws';
import type { CertificateFiles } from '../../../../src/listening/certificate.js';
import { makeCertificateFiles } from '../../../support/certificate.js';
import { endClients, runClient } from '../../../support/console-client.js';
import { makeFolder } from '../../../support/folder.js';
import { closeTerminals, describeInTerminal, openTerminal } from '../../../support/terminal.js';
import { startWebSocketServer, closeWebSocketServers } from '../../../support/web-socket-server.js';

let own: CertificateFiles;
let other: CertificateFiles;
const servers: Server[] = [];

beforeAll(async () => {
  own = await makeCertificateFiles();
  other = await makeCertificateFiles();
});

afterEach(endClients);
afterEach(closeTerminals);
afterEach(closeWebSocketServers);
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
  }
});
/** A WebSocket server with a certificate for localhost. It sends the name in the client's certificate. */
async function startServer(host = '127.0.0.1', options: ServerOptions = {}): Promise<string> {
  const [cert, key] = await Promise.all([readFile(own.cert), readFile(own.key)]);
  const server = createServer({ cert, key, ...options });
  servers.push(server);
  new WebSocketServer({ server }).on('connection', (webSocket, { socket }) => {
    webSocket.on('message', () => webSocket.send((socket as TLSSocket).getPeerCertificate().subject?.CN ?? 'nobody'));
  });
  await once(server.listen(0, host), 'listening');
  return `wss://${host}:${(server.address() as AddressInfo).port}/`;
}

describe('An untrusted certificate', () => {
  it('is rejected with advice', async () => {
    const url = await startServer();

    expect(await runClient([url])).toMatchObject({
      code: 2,
      stderr: `Cannot connect to ${url}: the certificate is self-signed. Trust its certificate with --ca <file>, or any certificate with --insecure.\n`,
    });
  });

  it('is accepted with --ca', async () => {
    expect(await runClient([await startServer(), '--ca', own.cert])).toMatchObject({ code: 0, stderr: '' });
  });

  it('is accepted with --insecure', async () => {
    expect(await runClient([await startServer(), '--insecure'])).toMatchObject({ code: 0, stderr: '' });
  });

  it('is not accepted with another one in --ca', async () => {
    expect(await runClient([await startServer(), '--ca', other.cert])).toMatchObject({ code: 2 });
  });

  it('is rejected for another name, even if it is trusted', async () => {
    const { code, stderr } = await runClient([await startServer('127.0.0.2'), '--ca', own.cert]);

    expect(code).toBe(2);
    expect(stderr).toContain('the certificate is not for 127.0.0.2 but for localhost, ');
  });

  it('is accepted for the name in --servername, which is sent to the server', async () => {
    const names: string[] = [];
    const url = await startServer('127.0.0.2', {
      SNICallback: (name, done) => {
        names.push(name);
        done(null);
      },
    });
    const trusted = [url, '--ca', own.cert];

    expect(await runClient([...trusted, '--servername', 'localhost'])).toMatchObject({ code: 0, stderr: '' });
    expect(names).toEqual(['localhost']);
    expect((await runClient([...trusted, '--servername', 'a.example'])).stderr).toContain(
      'is not for a.example but for',
    );
  });

  it('is checked against the name in the address with --connect-to', async () => {
    const { host } = new URL(await startServer('127.0.0.2'));

    expect(await runClient(['wss://localhost/', '--ca', own.cert, '--connect-to', host])).toMatchObject({ code: 0 });
  });
});

describe('A server that requires a client certificate', () => {
  it('receives the one in --cert, with the key in --key', async () => {
    const url = await startServer('127.0.0.1', { requestCert: true, rejectUnauthorized: false });

    const options = ['--insecure', '--cert', other.cert, '--key', other.key];

    expect(await runClient([url, ...options], 'who am I?\n')).toMatchObject({ code: 0, stdout: 'localhost\n' });
  });

  describe('with an encrypted key', () => {
    let options: readonly string[];
    const environment = { NEST_WS_ECHO_PASSPHRASE: 'secret' };

    beforeAll(async () => {
      const key = join(makeFolder(), 'encrypted.key');
      const pem = createPrivateKey(await readFile(other.key));
      await writeFile(key, pem.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' }));
      options = ['--insecure', '--cert', other.cert, '--key', key];
    });

    const startDemanding = (): Promise<string> =>
      startServer('127.0.0.1', { requestCert: true, rejectUnauthorized: false });

    it.each([
      ['--passphrase', ['--passphrase', 'secret'], {}],
      ['the environment', [], environment],
      ['--passphrase before the environment', ['--passphrase', 'secret'], { NEST_WS_ECHO_PASSPHRASE: 'wrong' }],
    ])('receives it with the passphrase from %s', async (_, more, variables) => {
      const run = await runClient([await startDemanding(), ...options, ...more], 'who am I?\n', variables);

      expect(run).toMatchObject({ code: 0, stdout: 'localhost\n' });
    });

    it.each([
      ['a missing passphrase', [], 'which needs a passphrase. Accepted: --passphrase, or NEST_WS_ECHO_PASSPHRASE'],
      ['a wrong passphrase', ['--passphrase', 'wr0ng'], 'which has another passphrase'],
    ])('causes an error for %s', async (_, more, message) => {
      const { code, stderr } = await runClient(['wss://127.0.0.1:1/', ...options, ...more]);

      expect(code).toBe(1);
      expect(stderr).toContain(message);
      expect(stderr).not.toContain('wr0ng');
    });

    describeInTerminal('at a terminal', () => {
      it('causes a prompt without echo', async () => {
        const terminal = openTerminal([await startDemanding(), ...options]);
        await terminal.shows('encrypted.key: ');
        terminal.type('secret\r');
        await terminal.shows('Connected to ');
        await terminal.shows('Type a message: ');
        terminal.type('who am I?\r');
        await terminal.shows('Message received: localhost');

        expect(terminal.output).not.toContain('secret');
      });

      it('causes an exit with 130 on Ctrl+C', async () => {
        const terminal = openTerminal(['wss://127.0.0.1:1/', ...options]);
        await terminal.shows('encrypted.key: ');
        terminal.type('\u0003');

        expect(await terminal.exit()).toBe(130);
      });
    });
  });

  it('is named as the cause without a certificate', async () => {
    const url = await startServer('127.0.0.1', { requestCert: true, rejectUnauthorized: true });

    const { code, stderr } = await runClient([url, '--insecure']);

    expect(code).toBe(2);
    expect(stderr).toContain('the server requires a client certificate: --cert and --key.');
  });
});

describe('A TLS mismatch', () => {
  it('is reported when wss:// meets a server without TLS', async () => {
    const { url } = await startWebSocketServer(() => {});

    expect((await runClient([url.replace('ws:', 'wss:')])).stderr).toContain(
      'the server does not speak TLS on this port. Is it ws:// instead of wss://?',
    );
  });

  it('is suspected when a ws:// connection is cut', async () => {
    const url = await startServer();

    expect((await runClient([url.replace('wss:', 'ws:')])).stderr).toContain('Is it wss:// instead of ws://?');
  });
});

describe('Unusable files', () => {
  it.each([
    [
      '--ca',
      (folder: string) => ['--ca', join(folder, 'missing')],
      /^error: --ca is ".+", which cannot be read: ENOENT/,
    ],
    [
      '--ca',
      (folder: string) => ['--ca', join(folder, 'text')],
      /^error: --ca is ".+", which holds no certificate in PEM/,
    ],
    [
      '--cert',
      (folder: string) => ['--cert', join(folder, 'text'), '--key', own.key],
      /^error: --cert is ".+", which holds no/,
    ],
    [
      '--key',
      (folder: string) => ['--cert', own.cert, '--key', join(folder, 'text')],
      /^error: --key is ".+", which holds no private key/,
    ],
    ['--key', () => ['--cert', own.cert, '--key', other.key], /^error: --key is ".+", which does not belong to --cert/],
    ['--key', () => ['--cert', own.cert], /^error: --cert and --key belong together/],
  ])('are named with %s, and the client exits with 1', async (_, options, message) => {
    const folder = makeFolder();
    await writeFile(join(folder, 'text'), 'no PEM');

    const { code, stderr } = await runClient(['wss://127.0.0.1:1/', ...options(folder)]);

    expect(code).toBe(1);
    expect(stderr).toMatch(message);
  });
});
