import { readFile } from 'node:fs/promises';
import { endClients, runClient, startClient } from '../../support/console-client.js';

const url = 'ws://127.0.0.1:1/';

afterEach(endClients);

describe('The command line of the client', () => {
  it('is described by --help, with exit codes and examples', async () => {
    const { code, stdout } = await startClient(['--help']).exit;

    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: nest-ws-echo client <url> \[options\]\n/);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    for (const heading of ['Connecting:', 'In a pipe:', 'Environment:', 'Exit codes:', 'Examples:']) {
      expect(stdout).toContain(`\n${heading}\n`);
    }
  });

  it('has only options that docs/console-client.md explains', async () => {
    const documentation = await readFile(new URL('../../../docs/console-client.md', import.meta.url), 'utf8');
    const options = (await runClient(['--help'])).stdout.match(/^ {2}(-\w, )?--[\w-]+/gm) ?? [];
    const names = options.map((option) => option.replace(/^.*--/, '--')).filter((name) => name !== '--version');

    expect(names.length).toBeGreaterThan(30);
    expect(names.filter((name) => !documentation.includes(`\`${name}`))).toEqual([]);
  });

  it('has the version of the package', async () => {
    expect(await startClient(['--version']).exit).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });

  it.each([
    [[], "missing required argument 'url'"],
    [['localhost:5000/ws'], 'Did you mean ws://localhost:5000/ws?'],
    [[':42999/echo'], 'Did you mean ws://localhost:42999/echo?'],
    [['ftp://localhost'], 'Accepted: an address with ws://, wss://, http:// or https://'],
    [['ws://localhost/#top'], 'cannot have a fragment'],
    [[url, 'more'], 'too many arguments'],
    [[url, '--urls', 'http://localhost:0'], "unknown option '--urls'"],
    [[url, '--count', '0'], "argument '0' is invalid. Accepted: a whole number"],
    [[url, '--interval', 'soon'], "argument 'soon' is invalid. Accepted: a duration"],
    [[url, '--size', '1GiB'], "argument '1GiB' is invalid. Accepted: a size"],
    [[url, '--rate', '0'], "argument '0' is invalid. Accepted: a number of messages a second"],
    [[url, '--header', 'X-One'], 'Accepted: a name, a colon and a value'],
    [[url, '--header', 'X One: 1'], 'Header name must be a valid HTTP token'],
    [[url, '--header', 'Upgrade: h2c'], 'The handshake has this header: the client sets it.'],
    [[url, '--header', 'Sec-WebSocket-Protocol: a'], 'use --subprotocol'],
    [[url, '--subprotocol', 'a b'], "argument 'a b' is invalid."],
    [[url, '--proxy', 'ftp://proxy.example'], '--proxy is "ftp://proxy.example". Accepted: host:port, or an address'],
    [[url, '--connect-to', '127.0.0.1'], 'Accepted: host:port'],
    [[url, '--servername', '127.0.0.1'], 'Accepted: a host name'],
    [[url, '--servername', 'a.example'], '--servername is for wss:// addresses'],
    [['ws+unix:/a.sock', '--proxy', 'a.example:1'], '--proxy is for addresses with a host'],
    [['ws+unix:/a.sock', '--connect-to', 'a.example:1'], '--connect-to is for addresses with a host'],
    [[url, '--passphrase', 'secret'], '--passphrase belongs to --key, which is missing.'],
    [[url, '--auth', 'secret'], '--auth has no colon; accepted: user:password'],
    [[url, '--http2'], '--http2 is for wss:// addresses'],
    [[url, '--input', 'csv'], 'Allowed choices are lines, json, message, chunks.'],
    [[url, '--input', 'json', '--count', '3'], 'cannot be used with'],
    [[url, '--output', 'raw', '--json'], 'cannot be used with'],
    [[url, '--close-status-code', '1006'], '"1006" is not a valid close status'],
    [[url, '--close-reason', 'x'.repeat(124)], 'The reason has 124 bytes'],
    [[url, '--execute', 'xyz', '--binary'], '--execute is not hexadecimal, which --binary needs: "xyz"'],
    [[url, '--input', 'json', '--binary'], '--input json states the type of each message'],
    [[url, '--verify', '--no-echo'], "cannot be used with option '--no-echo'"],
    [[url, '--bench', '--count', '3'], 'cannot be used with'],
    [[url, '--rate', '5', '--in-flight', '5'], 'cannot be used with'],
    [[url, '--bench', '--reconnect'], 'cannot be used with'],
  ])('rejects %j with 1', async (args, message) => {
    const { code, stdout, stderr } = await runClient(args);

    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^error: .+\n$/);
    expect(stderr).toContain(message);
  });

  it.each([
    [['ws//me:secret@localhost/']],
    [['ws://me:secret']],
    [['me:secret@localhost:5000']],
    [['wsx://me:se/cret@localhost', '-k']],
    [['ws://me:secret@localhost/#top']],
    [[url, '--auth', 'secret']],
    [[url, '--auht=me:secret']],
    [[url, '-vme:secret']],
    [[url, '--proxy', 'prxy://me:secret@localhost']],
    [[url, '--proxy', 'me:secret@']],
    [[url, '--header', 'Authorization secret']],
    [[url, '--header', 'Authorization: secr€t']],
    [[url, '--passphrase', 'secret']],
    [['ws://me:secret@127.0.0.1:1/']],
    [['ws://me:secret@127.0.0.1:1/', '--auth', 'me:secret', '--json', '--show-handshake']],
  ])('hides the password in %j', async (args) => {
    const { code, stdout, stderr } = await runClient(args);

    expect(code).not.toBe(0);
    expect(stdout + stderr).not.toMatch(/secr|cret/);
  });
});
