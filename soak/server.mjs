// The built server in a process of its own, which answers probes of its memory and its handles.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));

/** Short time-outs, so that the server notices vanished peers within seconds, and compression, for decompression bombs. */
const OPTIONS = {
  KEEP_ALIVE_INTERVAL: '2s',
  KEEP_ALIVE_TIMEOUT: '2s',
  CLOSE_TIMEOUT: '2s',
  COMPRESSION: 'true',
  LOG_LEVEL: 'log',
};

/** The permitted difference of two probes, in bytes: code that V8 compiles late, and its caches. */
const TOLERANCE = { heap: 8 * 1024 * 1024, external: 4 * 1024 * 1024 };

export class SoakServer {
  child;
  stdout = '';
  /** Its output on stderr. */
  stderr = '';
  /** Its ports, by scheme. */
  ports = {};

  static async start() {
    const server = new SoakServer();
    const args = ['--expose-gc', '--import', path('probe.mjs'), path('../dist/src/main.js')];
    server.child = spawn(process.execPath, [...args, '--urls', 'http://127.0.0.1:0;https://127.0.0.1:0'], {
      env: { ...process.env, ...OPTIONS },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    server.exit = once(server.child, 'exit').then(([code, signal]) => (server.ended = signal ?? code));
    server.child.stdout.setEncoding('utf8').on('data', (text) => (server.stdout += text));
    server.child.stderr.setEncoding('utf8').on('data', (text) => (server.stderr += text));
    await server.listening();
    return server;
  }

  async listening() {
    for (;;) {
      const addresses = [...this.stdout.matchAll(/listening on: (https?):\/\/127\.0\.0\.1:(\d+)/g)];
      if (addresses.length === 2) {
        this.ports = Object.fromEntries(addresses.map(([, scheme, port]) => [scheme, Number(port)]));
        return;
      }
      await Promise.race([once(this.child.stdout, 'data'), this.exit]);
      if (this.ended !== undefined) {
        throw new Error(`The server ended with ${this.ended}: ${this.stdout}${this.stderr}`);
      }
    }
  }

  /** Its memory after a garbage collection, and its number of resources of each kind. */
  async probe() {
    this.child.send('probe');
    const [result] = await once(this.child, 'message');
    return result;
  }

  /** Makes it shut down. */
  shutDown() {
    this.child.kill('SIGTERM');
  }

  kill() {
    this.child.kill('SIGKILL');
  }
}

/** The resources of which a probe has more than an earlier one, as sentences. */
export function leftBehind(before, after) {
  const kinds = Object.keys(after.counts).filter((kind) => after.counts[kind] > (before.counts[kind] ?? 0));
  return [
    ...kinds.map((kind) => `${kind}: ${before.counts[kind] ?? 0} before, ${after.counts[kind]} after`),
    ...Object.keys(TOLERANCE)
      .filter((part) => after[part] > before[part] + TOLERANCE[part])
      .map((part) => `${part}: ${mebibytes(before[part])} before, ${mebibytes(after[part])} after`),
  ];
}

export function mebibytes(bytes) {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
