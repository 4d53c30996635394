import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';

const program = fileURLToPath(new URL('async-context/logging-server.mjs', import.meta.url));

interface Line {
  readonly port?: number;
  readonly where?: string;
  readonly name?: string;
  readonly req?: { readonly headers: Readonly<Record<string, string>> };
}

describe.each(['express', 'fastify'])('nestjs-cls and nestjs-pino on %s', (platform) => {
  let server: ChildProcess;
  let lines: Line[];
  let url: string;

  /** Waits for a line of the server's output. */
  async function line(isIt: (line: Line) => boolean): Promise<Line> {
    for (;;) {
      const found = lines.find(isIt);
      if (found !== undefined) {
        return found;
      }
      await once(server, 'line');
    }
  }

  beforeAll(async () => {
    lines = [];
    server = spawn(process.execPath, [program, platform], { stdio: ['ignore', 'pipe', 'inherit'] });
    createInterface({ input: server.stdout ?? process.stdin }).on('line', (text) => {
      lines.push(JSON.parse(text) as Line);
      server.emit('line');
    });
    const { port } = await line((one) => one.port !== undefined);
    url = `ws://127.0.0.1:${port}/name`;
  }, 60_000);

  afterAll(async () => {
    const ended = once(server, 'exit');
    server.kill();
    await ended;
  });

  it('have the context of its own handshake in every handler of a connection', async () => {
    const clients = await Promise.all(
      ['Ann', 'Bob'].map(async (name) => {
        const client = new WebSocket(url, { headers: { 'X-Name': name } });
        await once(client, 'open');
        return { name, client };
      }),
    );
    for (const [message, where] of [
      ['first', 'messages'],
      ['last', 'messages'],
      ['and on', 'receive'],
    ]) {
      for (const { name, client } of clients) {
        client.send(message);
        const [answer] = (await once(client, 'message')) as [Buffer];
        expect(String(answer)).toBe(`${where} ${name}`);
      }
    }
    clients.forEach(({ client }) => client.close());
    for (const where of ['end', 'closed']) {
      await Promise.all(clients.map(({ name }) => line((one) => one.where === where && one.name === name)));
    }

    const noted = lines.filter(({ where }) => where !== undefined);
    expect(noted).toHaveLength(2 * ['messages', 'messages', 'receive', 'end', 'closed'].length);
    expect(noted.map(({ req }) => req?.headers['x-name'])).toEqual(noted.map(({ name }) => name));
  });
});
