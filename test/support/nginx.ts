import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { findProgram } from './installed-program.js';

export const nginxProgram = findProgram('nginx', 'apt-get install -y nginx-light');

const configuration = new URL('../../deploy/nginx/default.conf', import.meta.url);

/** What the image of nginx has around that file, and nothing outside of a folder. */
const frame = (folder: string): string => `
  daemon off;
  worker_processes 1;
  pid ${folder}/nginx.pid;
  error_log stderr notice;
  events {}
  http {
    access_log off;
    ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
    include ${folder}/default.conf;
  }
`;

const running: (() => Promise<void>)[] = [];

/**
 * Starts nginx with the configuration that compose.yaml gives it, but for the addresses in it.
 *
 * @param servers `http://127.0.0.1:PORT` of the two servers
 * @returns the address of nginx
 */
export async function startNginx(servers: readonly string[]): Promise<string> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'nest-ws-echo-nginx-'));
  const adapted = [
    ['listen 80;', `listen 127.0.0.1:${port};`],
    ...servers.map((url, index) => [`server server-${index + 1}:5000;`, `server ${new URL(url).host};`]),
  ].reduce((text, [there, here]) => replaceOnce(text, there, here), await readFile(configuration, 'utf8'));
  await writeFile(join(folder, 'default.conf'), adapted);
  await writeFile(join(folder, 'nginx.conf'), frame(folder));

  const child = spawn(nginxProgram.path ?? 'nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exit = once(child, 'exit');
  running.push(async () => {
    // Not SIGKILL, which would leave its worker behind.
    child.kill('SIGTERM');
    await exit;
    await rm(folder, { recursive: true });
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  while (!said.includes('start worker process ')) {
    await Promise.race([
      once(child.stderr, 'data'),
      exit.then(() => Promise.reject(new Error(`nginx ended: ${said}`))),
    ]);
  }
  return `http://127.0.0.1:${port}`;
}

function replaceOnce(text: string, there: string, here: string): string {
  if (text.split(there).length !== 2) {
    throw new Error(`"${there}" is not in ${configuration.pathname} once.`);
  }
  return text.replace(there, here);
}

/** Ends every nginx that is left; for `afterEach`. */
export async function endNginx(): Promise<void> {
  await Promise.all(running.splice(0).map((end) => end()));
}
