import { once } from 'node:events';
import { WebSocket } from 'ws';
import { ChatClient, endChatClients } from '../support/chat-client.js';
import { closeApps, startApp, type RunningApp } from '../support/start-app.js';

describe('The chat at /background', () => {
  let running: RunningApp;

  beforeAll(async () => {
    running = await startApp();
  });
  afterEach(endChatClients);
  afterAll(closeApps);

  const join = (path = ''): Promise<ChatClient> => ChatClient.join(`${running.url}/background${path}`);

  async function gone(...left: ChatClient[]): Promise<void> {
    left.forEach(({ webSocket }) => webSocket.close());
    await Promise.all(left.map((client) => client.closed()));
  }

  it('welcomes a client with its id', async () => {
    const client = await join('/welcome?name=Ann');

    expect(client.heard[0]).toEqual({ type: 'welcome', room: 'welcome', you: client.id, name: 'Ann', members: 1 });
    expect(client.id).toMatch(/^[0-9a-f]{8}-\d+$/);
  });

  it('delivers a message, with its sender, to every member of the room, sender included', async () => {
    const [ann, bob] = [await join('/talk?name=Ann'), await join('/talk')];

    ann.say('Grüße, 世界 🎉');

    const heard = await bob.hear('message');
    expect(heard).toEqual({
      type: 'message',
      id: expect.stringMatching(/^[0-9a-f]{8}-\d+$/),
      from: ann.id,
      name: 'Ann',
      text: 'Grüße, 世界 🎉',
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    });
    await expect(ann.hear('message')).resolves.toEqual(heard);
  });

  it.each(['/nameless', '/nameless?name=', '/nameless?name=%20'])(
    'names a client by its id when it gives no name: %s',
    async (path) => {
      const client = await join(path);

      expect(client.heard[0]).toMatchObject({ name: client.id });
    },
  );

  it('announces joins and leaves, with the number of members, to the whole room', async () => {
    const ann = await join('/presence?name=Ann');
    const bob = await join('/presence?name=Bob');

    await expect(ann.hear('joined', { from: bob.id })).resolves.toMatchObject({ name: 'Bob', members: 2 });
    await expect(bob.hear('joined', { from: bob.id })).resolves.toMatchObject({ name: 'Bob', members: 2 });

    bob.webSocket.terminate();

    await expect(ann.hear('left')).resolves.toMatchObject({ from: bob.id, name: 'Bob', members: 1 });
  });

  it('keeps messages in order', async () => {
    const [ann, bob] = [await join('/order'), await join('/order')];
    const texts = Array.from({ length: 1000 }, (_, index) => `message ${index}`);

    texts.forEach((text) => ann.say(text));

    for (const client of [ann, bob]) {
      await client.hear('message', { text: 'message 999' });
      expect(client.messages).toEqual(texts);
    }
  });

  it.each([
    ['', '/lobby', 'are one room'],
    ['/', '/Lobby/../lobby', 'are one room'],
    ['/a', '/a/?name=x', 'are one room'],
    ['/a', '/A', 'are two rooms'],
    ['/a', '/b', 'are two rooms'],
  ])('%s and %s %s', async (one, other, expected) => {
    const [ann, bob] = [await join(one), await join(other)];

    ann.say('from ann');
    bob.say('from bob');
    await ann.hear('message', { text: 'from ann' });
    await bob.hear('message', { text: 'from bob' });

    expect(new Set([...ann.messages, ...bob.messages]).size).toBe(2);
    expect(ann.heard[0].room === bob.heard[0].room).toBe(expected === 'are one room');
    await gone(ann, bob);
  });

  it.each([
    ['/a%20b', 'The room is "a b"'],
    ['/%C3%A4', 'The room is "ä"'],
    [`/${'x'.repeat(65)}`, `The room is "${'x'.repeat(65)}"`],
    [`?name=${'x'.repeat(33)}`, `The name is "${'x'.repeat(33)}"`],
    ['?name=a%0Ab', 'The name is "a\\nb"'],
    ['?name=a%E2%80%AEb', 'The name is "a\u202eb"'],
    ['?name=a&name=b', 'The name is ["a","b"]'],
  ])('refuses the handshake for %s with 400 and a reason', async (path, sentence) => {
    const webSocket = new WebSocket(`${running.url.replace('http', 'ws')}/background${path}`);
    const [, response] = (await once(webSocket, 'unexpected-response')) as [unknown, AsyncIterable<Buffer>];
    let body = '';
    for await (const chunk of response) {
      body += chunk.toString();
    }

    expect(JSON.parse(body)).toEqual({
      statusCode: 400,
      error: 'Bad Request',
      message: expect.stringContaining(`${sentence}, but must be`),
    });
  });

  it('closes with 1003 for a binary message', async () => {
    const client = await join('/binary');

    client.webSocket.send(Buffer.from([1, 2, 3]));

    await expect(client.closed()).resolves.toEqual({ code: 1003, reason: 'This chat takes text messages' });
  });

  it('closes only the sender of an oversized message, with 1009', async () => {
    const [ann, bob] = [await join('/large'), await join('/large')];

    ann.say('x'.repeat(1024 * 1024 + 1));

    await expect(ann.closed()).resolves.toMatchObject({ code: 1009 });
    await bob.hear('left', { from: ann.id });
    bob.say('still here');
    await bob.hear('message', { text: 'still here' });
  });

  it('echoes the status of a close frame', async () => {
    const client = await join();
    const closed = client.closed();

    client.webSocket.close(3001, 'bye');

    await expect(closed).resolves.toEqual({ code: 3001, reason: 'bye' });
  });

  it('receives and sends compressed messages', async () => {
    const compressing = await startApp({ COMPRESSION: 'true' });
    const client = await ChatClient.join(`${compressing.url}/background`);
    expect(client.webSocket.extensions).toContain('permessage-deflate');
    const texts = Array.from({ length: 50 }, (_, index) => `${index} `.repeat(100));

    texts.forEach((text) => client.say(text));

    await client.hear('message', { text: texts[49] });
    expect(client.messages).toEqual(texts);
  });
});

describe('A shutdown', () => {
  afterEach(endChatClients);
  afterEach(closeApps);

  it('closes every member with 1001, and announces no leaves', async () => {
    const running = await startApp();
    const clients = await Promise.all(
      Array.from({ length: 50 }, (_, index) => ChatClient.join(`${running.url}/background/${index % 2}`)),
    );
    const closed = clients.map((client) => client.closed());

    await running.close();

    for (const end of await Promise.all(closed)) {
      expect(end).toEqual({ code: 1001, reason: 'Server shutting down' });
    }
    expect(clients.flatMap(({ heard }) => heard).filter(({ type }) => type === 'left')).toEqual([]);
  });
});
