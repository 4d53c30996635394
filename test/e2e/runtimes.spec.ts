import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { text } from '../libs/websockets/protocol/client-frame.js';
import { ChatClient, endChatClients } from '../support/chat-client.js';
import { makeFolder } from '../support/folder.js';
import { endHttp2Clients, Http2Client } from '../support/http2-client.js';
import { describeWith, findProgram, type OptionalProgram } from '../support/installed-program.js';
import { endRawClients } from '../support/raw-client.js';
import { endServerProcesses, startServerProcess, type ServerProcess } from '../support/server-process.js';

// Bun would follow `paths` in tsconfig.json to the library's sources. An installed package has no tsconfig.json.
const withoutPaths = fileURLToPath(new URL('../../tsconfig.package.json', import.meta.url));

const runtimes: [program: OptionalProgram, args: string[]][] = [
  [findProgram('bun', 'npm install --global bun'), [`--tsconfig-override=${withoutPaths}`]],
  [findProgram('deno', 'npm install --global deno'), ['run', '--allow-all', '--no-lock']],
];

describe.each(runtimes)('The built server', (program, args) => {
  describeWith([program], `under ${program.name}`, () => {
    let home: string;
    let server: ServerProcess;
    let https: string;
    let http: string;

    beforeAll(async () => {
      home = makeFolder();
      const urls = 'https://127.0.0.1:0;http://127.0.0.1:0';
      const environment = { HOME: home, XDG_CACHE_HOME: home, HTTP2: 'true' };
      server = startServerProcess(['--urls', urls], environment, undefined, [program.path ?? program.name, ...args]);
      [https, http] = await server.listening(2);
    }, 60_000);

    afterEach(async () => {
      endChatClients();
      await Promise.all([endRawClients(), endHttp2Clients()]);
    });
    afterAll(endServerProcesses);

    async function connect(path: string): Promise<WebSocket> {
      const webSocket = new WebSocket(`${http.replace('http', 'ws')}${path}`);
      await once(webSocket, 'open');
      return webSocket;
    }

    it.each([1, 65_536, 4 * 1024 * 1024])('echoes a message of %i bytes', async (length) => {
      const webSocket = await connect('/ws');
      const echo = once(webSocket, 'message');
      webSocket.send(Buffer.alloc(length, 'x'));
      const [data] = (await echo) as [Buffer];
      expect(data.equals(Buffer.alloc(length, 'x'))).toBe(true);
      webSocket.close();
      await once(webSocket, 'close');
    });

    it('echoes over HTTP/2', async () => {
      const certificate = readFileSync(join(home, 'nest-ws-echo', 'localhost.crt'), 'utf8');
      const client = await Http2Client.connect(https, certificate);
      const webSocket = await client.open('/ws');
      webSocket.write(text('Hello'));
      expect(await webSocket.readText()).toBe('Hello');
    });

    it('delivers a chat message to the other members of a room', async () => {
      const ann = await ChatClient.join(`${http}/background/room?name=Ann`);
      const bob = await ChatClient.join(`${http}/background/room?name=Bob`);
      ann.say('Hello');
      expect(await bob.hear('message')).toMatchObject({ name: 'Ann', text: 'Hello' });
    });

    it('serves the page with all its files', async () => {
      const response = await fetch(http);
      expect(response.headers.get('content-type')).toContain('text/html');
      const files = Array.from(
        (await response.text()).matchAll(/(?:src|href)="(?!data:|#|https?:)([^"]+)"/g),
        ([, file]) => file,
      );
      expect(files).toContain('main.js');
      const statuses = await Promise.all(files.map(async (file) => (await fetch(new URL(file, http))).status));
      expect(statuses).toEqual(files.map(() => 200));
    });

    it('closes its connections with 1001 on SIGTERM, and exits with 0', async () => {
      const webSocket = await connect('/ws');
      const closed = once(webSocket, 'close') as Promise<[number, Buffer]>;
      server.child.kill('SIGTERM');
      const [code, reason] = await closed;
      expect([code, reason.toString()]).toEqual([1001, 'Server shutting down']);
      expect(await server.exit).toMatchObject({ code: 0, stderr: '' });
    });
  });
});
