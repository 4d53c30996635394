import { transform } from '@swc/core';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';

const root = new URL('../../', import.meta.url);
const readme = readFileSync(new URL('libs/websockets/README.md', root), 'utf8');
const samples = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code);

/** The samples, completed where they leave something out. The port is a free one. */
const program = `
  import { Injectable } from '@nestjs/common';
  import { expect } from 'expect';
  @Injectable()
  class TokenGuard {
    canActivate(context) {
      return context.switchToHttp().getRequest().headers.authorization === 'Bearer let me in';
    }
  }
  ${samples[1]}
  ${samples[0]?.replace('listen(5000)', "listen(0, '127.0.0.1')").replace('providers:', 'controllers: [RoomsController], providers:')}
  ${samples[2]}
  console.log('URL ' + (await app.getUrl()).replace('http', 'ws'));
`;

// Inside the repository, so that the program resolves the packages.
const folder = new URL('node_modules/.cache/library-readme/', root);
const main = new URL('main.mjs', folder);
let running: ChildProcess;
let url: string;

beforeAll(async () => {
  const { code } = await transform(program, {
    jsc: {
      target: 'es2023',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
    },
    module: { type: 'es6' },
  });
  mkdirSync(folder, { recursive: true });
  writeFileSync(main, code);
  running = spawn(process.execPath, [main.pathname], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface(running.stdout!)) {
    if (line.startsWith('URL ')) {
      url = line.slice('URL '.length);
      return;
    }
  }
  throw new Error('The samples ended before they listened.');
});

afterAll(() => {
  running.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

async function answerTo(client: WebSocket, message: string): Promise<string> {
  await once(client, 'open');
  client.send(message);
  const [answer] = (await once(client, 'message')) as [Buffer];
  return answer.toString();
}

describe('A program of the samples in the README of nest-raw-websockets', () => {
  it('echoes through the gateway', async () => {
    const client = new WebSocket(`${url}/ws`);
    expect(await answerTo(client, 'Hi')).toBe('Hi');
    client.close();
  });

  it('answers through the controller, behind a guard and a pipe', async () => {
    const headers = { authorization: 'Bearer let me in' };
    const client = new WebSocket(`${url}/rooms/7`, { headers });
    expect(await answerTo(client, 'Hi')).toBe('Room 7 heard Hi');
    client.close();
  });

  it.each([
    ['/rooms/7', {}, 'Unexpected server response: 403'],
    ['/rooms/seven', { authorization: 'Bearer let me in' }, 'Unexpected server response: 400'],
  ])('refuses a handshake for %s with the headers %j: %s', async (path, headers, message) => {
    const [error] = (await once(new WebSocket(`${url}${path}`, { headers }), 'error')) as [Error];
    expect(error.message).toBe(message);
  });

  it('closes its connections with 1001 on SIGTERM', async () => {
    const client = new WebSocket(`${url}/ws`);
    await once(client, 'open');
    running.kill('SIGTERM');
    const [code, reason] = (await once(client, 'close')) as [number, Buffer];
    expect([code, String(reason)]).toEqual([1001, 'Server shutting down']);
  });
});
