import type { INestApplication } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { on, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { WebSocket } from 'ws';
import { start as startAfter } from '../../examples/from-ws-adapter/after.js';
import { start as startBefore } from '../../examples/from-ws-adapter/before.js';
import { endRawClients, handshake, RawClient } from '../support/raw-client.js';

const root = new URL('../../', import.meta.url);
const page = readFileSync(new URL('docs/from-ws-adapter.md', root), 'utf8');

/** The files that the page quotes, with the quoted text. */
const quotes = [...page.matchAll(/\[(examples\/[^\]]+)\]\([^)]+\):\n\n```ts\n(.*?)```\n/gs)].map(([, path, code]) => ({
  path,
  code,
}));

describe('docs/from-ws-adapter.md', () => {
  it('contains only code that is quoted from an example', () => {
    expect(page.match(/^```\w+$/gm)).toHaveLength(quotes.length);
  });

  it.each(quotes)('quotes $path exactly', ({ path, code }) => {
    expect(code).toBe(readFileSync(new URL(path, root), 'utf8'));
  });
});

describe.each([
  ['before', startBefore],
  ['after', startAfter],
])('The example %s the migration', (when, start) => {
  let app: INestApplication;
  let url: string;
  const isMoved = when === 'after';

  beforeEach(async () => {
    app = await start(0);
    app.useLogger(false);
    url = (await app.getUrl()).replace('http', 'ws');
  });
  afterEach(async () => {
    await endRawClients();
    await app.close();
  });

  /** A connected client and its messages. */
  async function connect(path: string): Promise<{ client: WebSocket; next: () => Promise<unknown> }> {
    const client = new WebSocket(`${url}${path}`);
    const messages = on(client, 'message');
    await once(client, 'open');
    const next = async (): Promise<unknown> => {
      const { value } = (await messages.next()) as { value: [Buffer] };
      return JSON.parse(String(value[0]));
    };
    return { client, next };
  }

  /** The status of the response to a handshake; undefined when the connection is cut. */
  async function statusOf(path: string): Promise<number | undefined> {
    const client = await RawClient.connect(Number(new URL(url).port));
    client.write(handshake(path));
    return client.readResponse().then(
      ({ status }) => status,
      () => undefined,
    );
  }

  it('serves the chat clients', async () => {
    const alice = await connect('/chat?name=Alice');
    const bob = await connect('/chat?name=Bob');
    bob.client.send('not JSON');
    bob.client.send('{"event":"count"}');
    expect(await bob.next()).toEqual({ event: 'count', data: 2 });
    alice.client.send('{"event":"say","data":"hello"}');
    for (const { next } of [alice, bob]) {
      expect(await next()).toEqual({ event: 'said', data: { name: 'Alice', text: 'hello' } });
    }
  });

  it('closes with 1009 after a message larger than maxPayload', async () => {
    const { client } = await connect('/chat');
    client.send('x'.repeat(64 * 1024 + 1));
    expect((await once(client, 'close'))[0]).toBe(1009);
  });

  it.each([
    ['/nowhere', undefined, 404],
    ['/CHAT', undefined, 101],
    ['/chat', 101, 101],
    ['/chat/', undefined, 101],
  ])('answers a handshake for %s as the page says', async (path, before, after) => {
    expect(await statusOf(path)).toBe(isMoved ? after : before);
  });

  it('closes its clients as the page says', async () => {
    const { client } = await connect('/chat');
    const closed = once(client, 'close') as Promise<[number, Buffer]>;
    await app.close();
    const [status, reason] = await closed;
    expect([status, String(reason)]).toEqual(isMoved ? [1001, 'Server shutting down'] : [1006, '']);
  });
});

describe('The raw gateway of the example', () => {
  it('answers a message with its SHA-256', async () => {
    const app = await startAfter(0);
    const client = new WebSocket(`${(await app.getUrl()).replace('http', 'ws')}/digest`);
    await once(client, 'open');
    for (const message of ['one', Buffer.alloc(3_000_000, 7)]) {
      client.send(message);
      expect(String((await once(client, 'message'))[0])).toBe(createHash('sha256').update(message).digest('hex'));
    }
    client.close(1000);
    await once(client, 'close');
    await app.close();
  });
});
