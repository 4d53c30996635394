import { setImmediate as turn } from 'node:timers/promises';
import { BackgroundSocketProcessor, type ChatOptions } from '../../src/background/background-socket-processor.js';
import { SingleServerBackplane } from '../../src/background/backplane.js';
import { DeliveryCounters } from '../../src/background/outbox.js';
import type { WebSocketConnection } from 'nest-raw-websockets';
import { close, text } from '../libs/websockets/protocol/client-frame.js';
import { connect, readFrame, type ConnectedPair } from '../support/socket-pair.js';
import { until } from '../support/until.js';

const options: ChatOptions = {
  queueMessages: 1000,
  queueSize: 1024 * 1024,
  whenQueueFull: 'drop-oldest',
  presenceLimit: 100,
};

interface InBackground extends ConnectedPair {
  /** The promise that `addSocket` returned. */
  readonly done: Promise<void>;
}

describe('The background socket processor', () => {
  let processor: BackgroundSocketProcessor;
  let counters: DeliveryCounters;
  const connections: WebSocketConnection[] = [];

  beforeEach(() => {
    counters = new DeliveryCounters();
    processor = new BackgroundSocketProcessor(options, new SingleServerBackplane(), counters);
  });
  afterEach(() => connections.splice(0).forEach((connection) => connection.abort()));

  function add(room?: string, name?: string): InBackground {
    const pair = connect();
    connections.push(pair.connection);
    const done = processor.addSocket(pair.connection, { room, name });
    done.catch(() => {});
    return { ...pair, done };
  }

  async function hear({ client }: ConnectedPair): Promise<Record<string, unknown>> {
    return JSON.parse((await readFrame(client)).payload.toString()) as Record<string, unknown>;
  }

  /** Reads up to the next chat message. */
  async function hearSaid(pair: ConnectedPair): Promise<unknown> {
    for (;;) {
      const { type, text: said } = await hear(pair);
      if (type === 'message') {
        return said;
      }
    }
  }

  it('keeps a socket until the client has left, then fulfils its promise', async () => {
    const { client, connection, done } = add();
    let isDone = false;
    void done.then(() => (isDone = true));
    await turn();
    expect(isDone).toBe(false);

    client.write(close(1000));
    await done;

    expect(connection.peerClose).toEqual({ status: 1000, description: '' });
    expect(processor.memberCount).toBe(0);
  });

  it('rejects its promise, as `messages` does, when the client vanishes', async () => {
    const { client, done } = add();

    client.destroy();

    await expect(done).rejects.toMatchObject({ code: 'WS_CLOSED_PREMATURELY' });
  });

  it('lists only rooms that have members', async () => {
    const [ann, bob, carol] = [add('a'), add('a'), add()];
    expect([processor.roomCount, processor.memberCount]).toEqual([2, 3]);

    ann.client.write(close(1000));
    carol.client.write(close(1000));
    await Promise.all([ann.done, carol.done]);
    expect([processor.roomCount, processor.memberCount]).toEqual([1, 1]);

    bob.client.write(close(1000));
    await bob.done;
    expect([processor.roomCount, processor.memberCount]).toEqual([0, 0]);
  });

  it('encodes a frame once for 10,000 sockets, and all of them receive it', async () => {
    const sockets = Array.from({ length: 10_000 }, () => add());
    await turn();
    const given = new Set<Buffer>();
    let writes = 0;
    for (const { server } of sockets) {
      const write = server.write.bind(server);
      server.write = ((bytes: Buffer) => {
        given.add(bytes);
        writes++;
        return write(bytes);
      }) as typeof server.write;
    }

    sockets[0].client.write(text('for all'));
    await until(() => writes >= sockets.length);

    expect(given.size).toBe(1);
    expect([...given][0].toString()).toContain('"text":"for all"');
    expect(writes).toBe(10_000);
  });

  it('announces joins and leaves up to the presence limit, and not in larger rooms', async () => {
    const sockets = Array.from({ length: 101 }, () => add('large'));
    const [first] = sockets;
    expect(await hear(first)).toMatchObject({ type: 'welcome', members: 1 });
    for (let members = 1; members <= 100; members++) {
      expect(await hear(first)).toMatchObject({ type: 'joined', members });
    }

    sockets[50].client.write(close(1000));
    await sockets[50].done;
    expect(await hear(first)).toMatchObject({ type: 'left', members: 100 });
  });

  it('delivers every message to clients that read while ten others do not read', async () => {
    const stuck = Array.from({ length: 10 }, () => add('slow'));
    const [ann, bob] = [add('slow'), add('slow')];
    const said = Array.from({ length: 300 }, (_, index) => `${index} `.padEnd(10_000, '.'));

    for (const sentence of said) {
      ann.client.write(text(sentence));
      expect(await hearSaid(ann)).toBe(sentence);
      expect(await hearSaid(bob)).toBe(sentence);
    }

    expect(counters.dropped).toBeGreaterThan(0);
    for (const { connection } of stuck) {
      expect(connection.bufferedAmount).toBeLessThan(200_000);
    }
  });

  it('delivers messages of other members during a flood', async () => {
    Array.from({ length: 500 }, () => add('flood'));
    const [flooding, speaking] = [add('flood'), add('flood')];
    const flood = Array.from({ length: 2000 }, () => text('flood'));

    flooding.client.resume(); // otherwise its backpressure would pause the flood
    flooding.client.write(Buffer.concat(flood));
    await turn();
    speaking.client.write(text('a word'));

    let before = 0;
    while ((await hearSaid(speaking)) !== 'a word') {
      before++;
    }
    expect(before).toBeLessThan(flood.length / 2);
  });

  it('serves the other sockets when one breaks the protocol and another is reset', async () => {
    const [ann, bob, broken, reset] = [add(), add(), add(), add()];

    broken.client.write(Buffer.from([0xff, 0xff]));
    reset.client.destroy(new Error('reset'));
    await expect(broken.done).rejects.toMatchObject({ code: 'WS_PROTOCOL_ERROR' });
    await expect(reset.done).rejects.toMatchObject({ code: 'WS_CLOSED_PREMATURELY' });
    ann.client.write(text('we are here'));

    expect(await hearSaid(ann)).toBe('we are here');
    expect(await hearSaid(bob)).toBe('we are here');
  });

  it('accepts a socket that has already closed', async () => {
    const { connection } = connect();
    connection.abort();

    await expect(processor.addSocket(connection)).rejects.toMatchObject({ code: 'WS_ABORTED' });

    expect(processor.roomCount).toBe(0);
  });
});
