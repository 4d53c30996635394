import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createLabServer, LabExpectationError } from 'nest-ws-echo/lab';
import { WebSocket } from 'ws';

/** The tests of a user, for any test runner. */
export function defineTests({ test, beforeAll, afterAll }) {
  let server;
  beforeAll(async () => {
    server = await createLabServer();
  });
  afterAll(() => server.close());

  test('follows the query of a URL', async () => {
    const client = new WebSocket(`${server.url}?close=4123&reason=bye`);
    const [code, reason] = await once(client, 'close');

    assert.deepEqual([code, String(reason)], [4123, 'bye']);
  });

  test('follows a script', async () => {
    const done = server.next(async (peer) => {
      await peer.accept();
      await peer.receiveText('hello');
      await peer.close(4000);
      return peer.receiveClose(4000);
    });
    const client = new WebSocket(server.url);
    client.on('open', () => client.send('hello'));

    assert.deepEqual(await done, { code: 4000, reason: '' });
  });

  test('shows the frames of an expectation that fails', async () => {
    const done = server.next(async (peer) => {
      await peer.accept();
      await peer.receiveText('hello');
    });
    const client = new WebSocket(server.url);
    client.on('error', () => {});
    client.on('open', () => client.send('hi'));

    await assert.rejects(done, (error) => {
      assert.ok(error instanceof LabExpectationError);
      assert.match(error.message, /received text "hi"/);
      return true;
    });
  });

  // Only the close of the server ends this client.
  test('leaves a connection open', async () => {
    const client = new WebSocket(server.url);
    client.on('error', () => {});
    await once(client, 'open');
  });
}
