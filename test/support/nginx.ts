import { readFile } from 'node:fs/promises';
import { freePort } from './free-port.js';
import { findProgram } from './installed-program.js';
import { startProxy } from './proxy-process.js';

export const nginxProgram = findProgram('nginx', 'apt-get install -y nginx-light');

const configuration = new URL('../../deploy/nginx/default.conf', import.meta.url);

/** The configuration around the http block, as in the image of nginx, but with all files in one folder. */
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

/** Starts nginx with the content of its http block. */
export async function runNginx(http: string): Promise<void> {
  await startProxy({
    program: nginxProgram,
    files: (folder) => ({ 'default.conf': http, 'nginx.conf': frame(folder) }),
    args: (folder) => ['-p', folder, '-c', `${folder}/nginx.conf`],
    ready: 'start worker process ',
  });
}

/**
 * Starts nginx with the configuration in compose.yaml, and other addresses.
 *
 * @param servers `http://127.0.0.1:PORT` of the two servers
 * @returns the address of nginx
 */
export async function startNginx(servers: readonly string[]): Promise<string> {
  const port = await freePort();
  const adapted = [
    ['listen 80;', `listen 127.0.0.1:${port};`],
    ...servers.map((url, index) => [`server server-${index + 1}:5000;`, `server ${new URL(url).host};`]),
  ].reduce((text, [there, here]) => replaceOnce(text, there, here), await readFile(configuration, 'utf8'));
  await runNginx(adapted);
  return `http://127.0.0.1:${port}`;
}

function replaceOnce(text: string, there: string, here: string): string {
  if (text.split(there).length !== 2) {
    throw new Error(`"${there}" is not in ${configuration.pathname} once.`);
  }
  return text.replace(there, here);
}
