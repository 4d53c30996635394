import { once } from 'node:events';
import { WebSocket } from 'ws';
import { closeApps, startApp, type RunningApp } from '../support/start-app.js';

let running: RunningApp;

beforeAll(async () => {
  running = await startApp({ RECEIVE_BUFFER_SIZE: '4096' });
});
afterAll(closeApps);

describe.each(['/ws', '/'])('The echo at %s', (path) => {
  let webSocket: WebSocket;

  beforeEach(async () => {
    webSocket = new WebSocket(running.url.replace('http', 'ws') + path);
    await once(webSocket, 'open');
  });
  afterEach(() => webSocket.terminate());

  it.each([
    ['a text', 'Grüße, 世界 🎉', false],
    ['an empty text', '', false],
    ['bytes', Buffer.from([0, 1, 254, 255]), true],
    ['no bytes', Buffer.alloc(0), true],
    ['a message of several fragments', Buffer.alloc(1_000_000, 'fragment'), true],
  ])('echoes %s', async (_name, message, isBinary) => {
    const answer = once(webSocket, 'message');

    webSocket.send(message);

    const [data, wasBinary] = await answer;
    // Jest needs seconds to compare a million bytes.
    expect(Buffer.from(message).equals(data)).toBe(true);
    expect(wasBinary).toBe(isBinary);
  });

  it('echoes messages in order', async () => {
    const messages = Array.from({ length: 1_000 }, (_, index) => `message ${index}`);
    const answers: string[] = [];
    const all = new Promise<void>((resolve) => {
      webSocket.on('message', (data: Buffer) => answers.push(data.toString()) === messages.length && resolve());
    });

    messages.forEach((message) => webSocket.send(message));
    await all;

    expect(answers).toEqual(messages);
  });

  it.each([
    [1000, 'Closing from client'],
    [1000, ''],
    [1001, 'leaving'],
    [3000, 'registered'],
    [4999, 'private'],
  ])('echoes a close with the status %d and the reason %j', async (status, reason) => {
    const closed = once(webSocket, 'close');

    webSocket.close(status, reason);

    await expect(closed).resolves.toEqual([status, Buffer.from(reason)]);
  });

  it('echoes a close without a status', async () => {
    const closed = once(webSocket, 'close');

    webSocket.close();

    await expect(closed).resolves.toEqual([1005, Buffer.alloc(0)]);
  });
});
