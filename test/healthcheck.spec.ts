import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeFolder } from './support/folder.js';
import { startHttpsApp } from './support/https-app.js';
import { closeApps } from './support/start-app.js';

const script = fileURLToPath(new URL('../scripts/healthcheck.mjs', import.meta.url));

/** The exit code of the health check with only these environment variables. */
async function healthcheck(environment: Record<string, string>): Promise<unknown> {
  const child = spawn(process.execPath, [script], { env: environment, stdio: 'ignore' });
  const [code]: unknown[] = await once(child, 'exit');
  return code;
}

describe('The health check of the image', () => {
  const servers: Server[] = [];

  /** Starts a server that answers every request with one status, and returns its port. */
  async function answering(status: number): Promise<number> {
    const server = createServer((_request, response) => response.writeHead(status).end());
    servers.push(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return (server.address() as AddressInfo).port;
  }

  afterEach(closeApps);
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.close();
    }
  });

  it.each([
    [200, 0],
    [404, 1],
    [503, 1],
  ])('for the status %i exits with %i', async (status, code) => {
    expect(await healthcheck({ PORT: `${await answering(status)}` })).toBe(code);
  });

  it('exits with 1 when no server listens', async () => {
    const port = await answering(200);
    await once(servers.pop()!.close(), 'close');
    expect(await healthcheck({ PORT: `${port}` })).toBe(1);
  });

  it.each([
    'http://127.0.0.1:PORT',
    'http://localhost:PORT;http://127.0.0.1:1',
    'http://0.0.0.0:PORT',
    'http://*:PORT',
    'http://+:PORT',
    'http://[::]:PORT/',
    ' ; http://127.0.0.1:PORT',
  ])('connects to the address in URLS=%s', async (urls) => {
    const port = await answering(200);
    expect(await healthcheck({ URLS: urls.replace('PORT', `${port}`), PORT: '1' })).toBe(0);
  });

  it.each([
    ['http://127.0.0.1:0', {}],
    ['https://127.0.0.1:0', {}],
    ['http://unix:SOCKET', {}],
    ['http://127.0.0.1:0', { PROXY_PROTOCOL: 'true' }],
    ['https://127.0.0.1:0', { PROXY_PROTOCOL: 'true' }],
    ['http://unix:SOCKET', { PROXY_PROTOCOL: 'true' }],
  ])('exits with 0 when a server that listens on %s, with %j, is ready', async (address, environment) => {
    const URLS = address.replace('SOCKET', join(makeFolder(), 'server.sock'));
    const { url } = await startHttpsApp({ ...environment, URLS });

    expect(await healthcheck({ ...environment, URLS: url })).toBe(0);
  });

  it('uses PORT when URLS is empty', async () => {
    expect(await healthcheck({ URLS: '', PORT: `${await answering(200)}` })).toBe(0);
  });
});
