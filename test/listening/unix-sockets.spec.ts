import { once } from 'node:events';
import { lstat, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { makeFolder } from '../support/folder.js';
import { startHttpsApp } from '../support/https-app.js';
import { endServerProcesses, startServerProcess } from '../support/server-process.js';
import { closeApps, startApp } from '../support/start-app.js';

const exists = (path: string): Promise<boolean> => lstat(path).then(Boolean, () => false);

/** The status of a GET for /ws. */
async function statusAt(socketPath: string): Promise<number | undefined> {
  const [response] = (await once(request({ socketPath, path: '/ws' }).end(), 'response')) as [IncomingMessage];
  return response.resume().statusCode;
}

/** The file of a socket on which no process listens any more. */
async function makeStaleFile(path: string): Promise<void> {
  const server = createServer().listen(`${path}.new`);
  await once(server, 'listening');
  // Node.js removes the file by the name that it made.
  await rename(`${path}.new`, path);
  server.close();
  await once(server, 'close');
}

/** Starts a server as systemd does, with its own id in LISTEN_PID. */
const asSystemd = ['/bin/sh', '-c', 'LISTEN_PID=$$ exec "$0" "$@"', process.execPath] as const;

/** Node.js does not document it. */
function descriptorOf(server: Server): number {
  const { _handle: handle } = server as unknown as { _handle: { fd: number } };
  return handle.fd;
}

afterEach(closeApps);
// On Windows Node.js listens on named pipes instead.
(process.platform === 'win32' ? describe.skip : describe)('A Unix socket', () => {
  let path: string;

  beforeEach(async () => {
    path = join(makeFolder(), 'server.sock');
  });

  it('is one of several addresses of each kind, until the application closes', async () => {
    const URLS = `http://unix:${path};https://127.0.0.1:0;http://unix:${path}.2;http://127.0.0.1:0;https://127.0.0.1:0`;
    const { urls, ca, close } = await startHttpsApp({ URLS });
    const webSockets = urls.map(
      (url) => new WebSocket(`${url.replace('http://unix:', 'ws+unix:')}:/ws`.replace(/(:\d+):/, '$1'), { ca }),
    );
    await Promise.all(webSockets.map((webSocket) => once(webSocket, 'open')));
    const closings = webSockets.map((webSocket) => once(webSocket, 'close').then(([code]: number[]) => code));

    await close();

    await expect(Promise.all(closings)).resolves.toEqual([1001, 1001, 1001, 1001, 1001]);
    expect(urls.filter((url) => url.includes('unix'))).toEqual([`http://unix:${path}`, `http://unix:${path}.2`]);
    await expect(Promise.all([path, `${path}.2`].map(exists))).resolves.toEqual([false, false]);
  });

  it('takes the place of the file that a killed process left', async () => {
    await makeStaleFile(path);

    await startApp({ URLS: `http://unix:${path}` });

    await expect(statusAt(path)).resolves.toBe(400);
  });

  it('is an error where a process listens, which goes on', async () => {
    await startApp({ URLS: `http://unix:${path}` });

    await expect(startApp({ URLS: `http://unix:${path}` })).rejects.toThrow(
      `Cannot listen on http://unix:${path}: another process listens there, or a file is there that is not a socket.`,
    );
    await expect(statusAt(path)).resolves.toBe(400);
  });

  it.each<[what: string, make: () => Promise<unknown>]>([
    ['a file', () => writeFile(path, 'precious')],
    ['a link to a file', () => writeFile(`${path}.file`, 'precious').then(() => symlink(`${path}.file`, path))],
  ])('is an error where there is %s, which stays', async (_what, make) => {
    await make();

    await expect(startApp({ URLS: `http://unix:${path}` })).rejects.toThrow(/a file is there that is not a socket/);
    await expect(readFile(path, 'utf8')).resolves.toBe('precious');
  });

  it('is an error in a folder that does not exist', async () => {
    await expect(startApp({ URLS: `http://unix:${path}/x.sock` })).rejects.toThrow(/: its folder does not exist, or /);
  });
});

(process.platform === 'win32' ? describe.skip : describe)('The server process', () => {
  const listening: Server[] = [];

  afterEach(endServerProcesses);
  afterEach(() => listening.splice(0).forEach((server) => server.close()));

  /** A socket that listens, as systemd makes it. */
  async function listeningSocket(place: number | string): Promise<Server> {
    const server = createServer().listen(typeof place === 'number' ? { port: place, host: '127.0.0.1' } : place);
    listening.push(server);
    await once(server, 'listening');
    return server;
  }

  it('removes the file of its Unix socket when it ends at once, at a second signal', async () => {
    const path = join(makeFolder(), 'server.sock');
    const server = startServerProcess(['--urls', `http://unix:${path}`], { SHUTDOWN_TIMEOUT: '1h' });
    await expect(server.listening()).resolves.toEqual([`http://unix:${path}`]);
    const webSocket = new WebSocket(`ws+unix:${path}:/ws`);
    webSocket.on('error', () => {});
    await once(webSocket, 'open');
    webSocket.pause();

    server.child.kill('SIGTERM');
    const impatience = setInterval(() => server.child.kill('SIGTERM'), 100);

    await expect(server.exit).resolves.toMatchObject({ code: 143 });
    clearInterval(impatience);
    await expect(exists(path)).resolves.toBe(false);
    webSocket.terminate();
  });

  it('listens on sockets that systemd passes, beside an address, and leaves their files', async () => {
    const path = join(makeFolder(), 'passed.sock');
    const passed = [await listeningSocket(0), await listeningSocket(`${path}.made`)];
    await rename(`${path}.made`, path);
    const { port } = passed[0].address() as { port: number };

    const environment = { LISTEN_FDS: '2', LISTEN_FDNAMES: 'tcp:unix' };
    const descriptors = passed.map(descriptorOf);
    const server = startServerProcess(['--urls', 'http://127.0.0.1:0'], environment, undefined, asSystemd, descriptors);
    const urls = await server.listening(2);
    await Promise.all(passed.map((socket) => once(socket.close(), 'close')));

    expect(urls[1]).toBe(`http://127.0.0.1:${port}`);
    const statuses = urls.map((url) => fetch(`${url}/ws`).then(({ status }) => status));
    await expect(Promise.all(statuses)).resolves.toEqual([400, 400]);
    await expect(statusAt(path)).resolves.toBe(400);

    server.child.kill('SIGTERM');
    await expect(server.exit).resolves.toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Now listening on: the socket 4 of LISTEN_FDS\n'),
      stderr: '',
    });
    await expect(exists(path)).resolves.toBe(true);
  });

  it('ends with an error when all workers have died, and with them the sockets that systemd passed', async () => {
    const passed = await listeningSocket(0);
    const environment = { LISTEN_FDS: '1', WORKERS: '2' };
    const server = startServerProcess([], environment, undefined, asSystemd, [descriptorOf(passed)]);
    const workers = await server.says(/Worker \d \(process (\d+)\) takes connections\./g, 2);

    workers.forEach(([, pid]) => process.kill(Number(pid), 'SIGKILL'));

    await expect(server.exit).resolves.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/ended with SIGKILL\. .+ LISTEN_FDS .+, so the server ends\./),
    });
  });

  it('says that a socket was not passed', async () => {
    const server = startServerProcess([], { LISTEN_FDS: '97' }, undefined, asSystemd);

    await expect(server.exit).resolves.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^Cannot listen on the socket \d+ of LISTEN_FDS: it is not a socket that can listen\.\n$/,
      ),
    });
  });
});
