import { connectedPair } from 'nest-raw-websockets/testing';
import type { WebSocketConnection } from 'nest-raw-websockets';

/** A handler as applications write it. */
async function echo(webSocket: WebSocketConnection): Promise<void> {
  const peer = await webSocket.receive((fragment) => webSocket.send(fragment));
  await webSocket.close(peer.status, peer.description);
}

describe('A connected pair', () => {
  it('lets a test exchange messages with a handler, and close', async () => {
    const { webSocket, client } = connectedPair();
    const handled = echo(webSocket);
    client.send('Hi');
    client.send(Buffer.from([1, 2, 3]));
    expect(await client.receive()).toEqual({ type: 'text', data: 'Hi' });
    expect(await client.receive()).toEqual({ type: 'binary', data: Buffer.from([1, 2, 3]) });
    expect(await client.close(3000, 'bye')).toEqual({ status: 3000, description: 'bye' });
    await handled;
    expect(await webSocket.closed).toEqual({ by: 'peer', status: 3000, description: 'bye' });
  });

  it('joins the parts of a message in both directions', async () => {
    const { webSocket, client } = connectedPair();
    const handled = echo(webSocket);
    client.send('one, ', { endOfMessage: false });
    client.send('two');
    expect(await client.receive()).toEqual({ type: 'text', data: 'one, two' });
    await client.close();
    await handled;
    expect(await webSocket.closed).toEqual({ by: 'peer', status: undefined, description: '' });
  });

  it('has the given handshake and options', async () => {
    const told = {
      path: '/rooms/7?name=Ada',
      httpVersion: '2',
      remoteAddress: '1.2.3.4',
      subprotocol: 'chat',
    } as const;
    const { webSocket, client } = connectedPair({ ...told, maxMessageSize: 3 });
    expect(webSocket).toMatchObject(told);
    expect(client.subprotocol).toBe('chat');
    const message = webSocket.messages()[Symbol.asyncIterator]().next();
    client.send('more than three bytes');
    await expect(message).rejects.toMatchObject({ code: 'WS_MESSAGE_TOO_BIG' });
    expect(await client.closed).toEqual({ status: 1009, description: 'Message too big' });
  });

  it('answers a close of the server, and reports it to a pending receive()', async () => {
    const { webSocket, client } = connectedPair();
    const message = client.receive();
    await Promise.all([webSocket.close(4000, 'enough'), expect(message).rejects.toThrow('status 4000, "enough"')]);
    expect(await webSocket.closed).toMatchObject({ by: 'server', status: 4000 });
    await expect(client.receive()).rejects.toThrow('status 4000');
  });

  it.each<[string, (pair: ReturnType<typeof connectedPair>) => void, string]>([
    ['the client', ({ client }) => client.abort(), 'transport'],
    ['the server', ({ webSocket }) => webSocket.abort(), 'abort'],
  ])('ends with 1006 when %s aborts', async (_who, abort, by) => {
    const pair = connectedPair();
    abort(pair);
    expect(await pair.client.closed).toEqual({ status: 1006, description: '' });
    expect(await pair.webSocket.closed).toMatchObject({ by, status: 1006 });
  });

  it('has a client that answers pings, and reads messages', async () => {
    const { webSocket, client } = connectedPair();
    expect(await webSocket.ping()).toBeGreaterThan(0);
    const large = Buffer.alloc(1_000_000, 7);
    expect(await webSocket.send(large)).toBe(true);
    expect(large.equals((await client.receive()).data as Buffer)).toBe(true);
    client.abort();
  });

  it.each<[string, object]>([
    ['an invalid option', { maxMessageSize: 0 }],
    ['compression, which it does not support', { dangerousEnableCompression: true }],
  ])('rejects %s', (_what, options) => {
    expect(() => connectedPair(options)).toThrow(expect.objectContaining({ code: 'WS_INVALID_OPTION' }));
  });
});
