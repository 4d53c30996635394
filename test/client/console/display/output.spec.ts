import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { program } from '../../../support/console-client.js';
import { closeWebSocketServers, echo, startWebSocketServer } from '../../../support/web-socket-server.js';

/** A device that is always full; Linux has one. */
const FULL_DEVICE = '/dev/full';

afterEach(closeWebSocketServers);

const hasFullDevice = existsSync(FULL_DEVICE);
if (!hasFullDevice) {
  process.stderr.write(`Skipped: "When stdout is not writable", which needs ${FULL_DEVICE}, a device of Linux.\n`);
}

(hasFullDevice ? describe : describe.skip)('When stdout is not writable, the client', () => {
  it.each([
    ['lines', []],
    ['timed echoes', ['--count', '2', '--interval', '10ms']],
    ['objects', ['--json']],
    ['a result', ['--connections', '1', '--duration', '50ms']],
  ])('reports it in one sentence instead of printing %s, closes, and exits with 3', async (_, options) => {
    const { url, server } = await startWebSocketServer(echo);
    const closed = new Promise<number>((resolve) => {
      server.once('connection', (webSocket) => webSocket.once('close', resolve));
    });

    expect(await runOnFullDevice([url, ...options])).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(
        /^(Closed loop: .+\n)?(This client was at work .+\n)?stdout cannot be written: no space left on device \(ENOSPC\)\.\n$/,
      ),
    });
    expect(await closed).toBe(1000);
  });
});

async function runOnFullDevice(args: readonly string[]): Promise<{ code: number | null; stderr: string }> {
  const child = spawn('sh', ['-c', `exec "$0" "$@" > ${FULL_DEVICE}`, process.execPath, program, 'client', ...args], {
    env: {},
  });
  child.stdin.end('hello\n');
  const [stderr] = await Promise.all([text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, stderr };
}
