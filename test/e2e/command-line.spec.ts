import { execFileSync } from 'node:child_process';
import { readFile, symlink } from 'node:fs/promises';
import { get, type RequestOptions } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { echoOf } from '../support/echo-of.js';
import { makeFolder } from '../support/folder.js';
import { scrape } from '../support/scrape.js';
import { endServerProcesses, startServerProcess } from '../support/server-process.js';
import { closeApps, startApp } from '../support/start-app.js';

/** The status of a GET request. */
function statusOf(options: RequestOptions): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get({ ...options, agent: false }, (response) => resolve(response.resume().statusCode)).on('error', reject);
  });
}

afterEach(endServerProcesses);
afterEach(closeApps);

describe('The command line', () => {
  it('shows the options and all variables with --help', async () => {
    const { code, stdout } = await startServerProcess(['--help']).exit;

    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: nest-ws-echo serve \[options\]\n {7}nest-ws-echo client <url> \[options\]/);
    expect(stdout).toContain('--urls <urls>');
    expect(stdout).toContain('SHUTDOWN_TIMEOUT');
    expect(stdout).toContain('(default: http://localhost:5000)');
  });

  it('rejects an address alone, which is an argument of the client, and does not show its password', async () => {
    const { code, stderr } = await startServerProcess(['ws://me:secret@localhost:5000/ws']).exit;

    expect(code).toBe(1);
    expect(stderr).toContain('To connect to a server: nest-ws-echo client <url> [options]');
    expect(stderr).not.toContain('secret');
  });

  it('shows the version of the package with --version, in the program that npm links', async () => {
    const packageJson = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
    const { bin, version } = z
      .object({ bin: z.object({ 'nest-ws-echo': z.string() }), version: z.string() })
      .parse(JSON.parse(packageJson));
    const main = new URL(`../../${bin['nest-ws-echo']}`, import.meta.url);
    const folder = makeFolder();
    const link = join(folder, 'nest-ws-echo');
    await symlink(fileURLToPath(main), link);

    expect(await readFile(main, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
    expect(execFileSync(process.execPath, [link, '--version'], { encoding: 'utf8' })).toBe(`${version}\n`);
  });

  it.each([
    [['serve', '--url', 'http://localhost:0']],
    [['--urls', 'http://localhost:0', 'client', 'ws://localhost:0']],
  ])('rejects %j', async (args) => {
    const { code, stdout, stderr } = await startServerProcess(args).exit;

    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^error: .+\n/);
  });

  it('lists all invalid values, and exits before it listens', async () => {
    const environment = { SHUTDOWN_TIMEOUT: 'soon', MAX_MESSAGE_SIZE: 'large', LOG_FORMAT: 'xml', CLOSE_TIMEOUT: '1s' };

    const { code, stdout, stderr } = await startServerProcess(['--urls', 'ftp://localhost:5001'], environment).exit;

    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr.trimEnd().split('\n')).toEqual([
      'The configuration has bad values:',
      expect.stringMatching(/^ {2}--urls is "ftp:\/\/localhost:5001"; accepted: http:\/\/host:port or https:/),
      expect.stringMatching(/^ {2}LOG_FORMAT is "xml"; accepted: text or json$/),
      expect.stringMatching(/^ {2}MAX_MESSAGE_SIZE is "large"; accepted: a size such as/),
      expect.stringMatching(/^ {2}SHUTDOWN_TIMEOUT is "soon"; accepted: a duration such as/),
    ]);
  });
});

describe('The server process', () => {
  it('serves all addresses of --urls, also after the command "serve", and reports them', async () => {
    const urls = 'http://127.0.0.1:0;http://localhost:0;http://*:0';
    const server = startServerProcess(['serve', `--urls=${urls}`], { URLS: 'http://127.0.0.2:0', PORT: '1' });

    const [first = '', second = '', third = ''] = await server.listening(3);

    expect(first).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
    expect(second).toMatch(/^http:\/\/localhost:[1-9]\d*$/);
    expect(third).toMatch(/^http:\/\/(\[::\]|0\.0\.0\.0):[1-9]\d*$/);
    await expect(echoOf('first', first)).resolves.toBe('first');
    await expect(echoOf('second', second)).resolves.toBe('second');
    await expect(echoOf('third', third)).resolves.toBe('third');
  });

  it.each([
    ['http://*:0', 'localhost'],
    ['http://127.0.0.1:0', '127.0.0.1'],
  ])('says at last where to open the page, and little before, at %s', async (urls, host) => {
    const server = startServerProcess(['--urls', urls]);
    const [address = ''] = await server.listening();
    await echoOf('hello', address.replace(/0\.0\.0\.0|\[::\]/, '127.0.0.1'));
    server.child.kill('SIGTERM');

    const { stdout } = await server.exit;

    const lines = stdout.split('\n').filter((line) => !line.includes(' WARN '));
    expect(lines[0]).toContain(`[Main] Now listening on: ${address}`);
    expect(lines[1]).toContain(`[Main] Open http://${host}:${new URL(address).port} in a browser`);
    expect(lines[2]).toContain('[Access] opened ');
  });

  it('listens on all IPv4 addresses if only PORT is given', async () => {
    const [url = ''] = await startServerProcess([], { PORT: '0' }).listening();

    expect(url).toMatch(/^http:\/\/0\.0\.0\.0:[1-9]\d*$/);
    await expect(echoOf('hello', url.replace('0.0.0.0', '127.0.0.1'))).resolves.toBe('hello');
  });

  it('listens on the named pipe in PORT', async () => {
    // On systems other than Windows, the name is a socket in the working directory.
    const folder = makeFolder();
    const pipe = `\\\\.\\pipe\\nest-ws-echo-${process.pid}`;
    const server = startServerProcess([], { PORT: pipe }, folder);
    await expect(server.listening()).resolves.toEqual([pipe]);

    const socketPath = process.platform === 'win32' ? pipe : join(folder, pipe);
    await expect(statusOf({ socketPath, path: '/ws' })).resolves.toBe(400);
    server.child.kill('SIGTERM');
    const { code, stdout } = await server.exit;
    expect(code).toBe(0);
    expect(stdout).toContain(`LOG [Main] Now listening on: ${pipe}\n`);
    // The log goes to a pipe.
    expect(stdout).not.toContain('\u001b');
  });

  it.each([[{}], [{ WORKERS: '2' }]])('goes on when the reader of its log has ended, with %j', async (environment) => {
    const server = startServerProcess(['--urls', 'http://127.0.0.1:0'], environment);
    const [url = ''] = await server.listening();
    server.child.stdout?.destroy();
    server.child.stderr?.destroy();

    await expect(echoOf('one', url)).resolves.toBe('one');
    for (;;) {
      const { access_log_dropped_lines_total: dropped } = await scrape(url);
      if (dropped >= 2) {
        break;
      }
    }
    await expect(echoOf('two', url)).resolves.toBe('two');
  });

  it.each([[{}], [{ WORKERS: '2' }]])(
    'listens as a worker of another cluster, such as that of pm2, with %j',
    async (environment) => {
      const foreignPrimary = `
        import cluster from 'node:cluster';
        cluster.setupPrimary({ exec: process.argv[1], args: process.argv.slice(2), execArgv: [] });
        cluster.fork();`;
      const server = startServerProcess(['--urls', 'http://127.0.0.1:0'], environment, undefined, [
        process.execPath,
        '--input-type=module',
        '-e',
        foreignPrimary,
      ]);
      const [url = ''] = await server.listening();

      await expect(echoOf('hello', url)).resolves.toBe('hello');
    },
  );

  it('reports in one line that an address is in use', async () => {
    const running = await startApp();

    const { code, stderr } = await startServerProcess(['--urls', `http://127.0.0.1:0;${running.url}`]).exit;

    expect(code).toBe(1);
    expect(stderr).toBe(
      `Cannot listen on ${running.url}: it is already in use. Choose another address with --urls, URLS or PORT.\n`,
    );
  });

  it.each([
    [{ TLS_CERT: 'a.crt', TLS_KEY: 'a.key' }, 'TLS_CERT and TLS_KEY are not used, because'],
    [{ LAB: 'loopback' }, 'LAB=loopback has no effect, because'],
  ])('warns of %j where it has no effect', async (environment, expected) => {
    const server = startServerProcess(['--urls', 'http://*:0'], environment);

    const [warning] = await server.says(/WARN.*/g);

    expect(warning[0]).toContain(expected);
  });

  it('logs one JSON object per line with LOG_FORMAT=json', async () => {
    const server = startServerProcess(['--urls', 'http://127.0.0.1:0'], { LOG_FORMAT: 'json' });
    server.child.stdout?.once('data', () => server.child.kill('SIGTERM'));

    const { stdout } = await server.exit;

    for (const line of stdout.trimEnd().split('\n')) {
      // A Node.js version past its end of life causes a warning.
      expect(JSON.parse(line)).toMatchObject({
        level: expect.stringMatching(/^(log|warn)$/),
        message: expect.any(String),
      });
    }
  });
});
