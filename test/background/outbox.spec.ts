import { setImmediate as turn } from 'node:timers/promises';
import { DeliveryCounters, Outbox, type OutboxOptions } from '../../src/background/outbox.js';
import { PreparedMessage } from 'nest-raw-websockets';
import { connect, readFrame, type ConnectedPair } from '../support/socket-pair.js';

const options: OutboxOptions = { queueMessages: 10, queueSize: 100_000, whenQueueFull: 'drop-oldest' };

/** Larger than all socket buffers together. */
const STUFFING = new PreparedMessage('#'.repeat(200_000));

interface Posting extends ConnectedPair {
  readonly outbox: Outbox;
  readonly counters: DeliveryCounters;
}

describe('An outbox', () => {
  const posting: Posting[] = [];
  afterEach(() => posting.splice(0).forEach(({ connection }) => connection.abort()));

  function open(changed: Partial<OutboxOptions> = {}): Posting {
    const counters = new DeliveryCounters();
    const pair = connect();
    const outbox = new Outbox(pair.connection, { ...options, ...changed }, counters);
    posting.push({ ...pair, outbox, counters });
    return posting[posting.length - 1];
  }

  /** An outbox whose client does not read. */
  async function openStuck(changed: Partial<OutboxOptions> = {}): Promise<Posting> {
    const stuck = open(changed);
    stuck.outbox.post(STUFFING);
    await turn();
    expect(stuck.connection.bufferedAmount).toBeGreaterThan(0);
    return stuck;
  }

  async function readText({ client }: Posting): Promise<string> {
    return (await readFrame(client)).payload.toString();
  }

  async function readTexts(from: Posting, count: number): Promise<string[]> {
    const texts: string[] = [];
    while (texts.length < count) {
      texts.push(await readText(from));
    }
    return texts;
  }

  const postAll = ({ outbox }: Posting, texts: readonly string[]): void =>
    texts.forEach((text) => outbox.post(new PreparedMessage(text)));

  const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `message ${index}`);

  it('sends its messages in order to a client that reads', async () => {
    const reading = open({ queueMessages: 1 });

    postAll(reading, numbered(100));

    expect(await readTexts(reading, 100)).toEqual(numbered(100));
    expect(reading.counters).toMatchObject({ delivered: 100, dropped: 0 });
  });

  it('queues messages for a slow client, and sends them when it reads again', async () => {
    const slow = await openStuck();

    postAll(slow, numbered(10));
    expect(slow.counters).toMatchObject({ delivered: 1, dropped: 0 });

    expect(await readText(slow)).toHaveLength(STUFFING.byteLength);
    expect(await readTexts(slow, 10)).toEqual(numbered(10));
    expect(slow.counters).toMatchObject({ delivered: 11, dropped: 0 });
  });

  it("gives a slow client's socket no more than its buffers hold", async () => {
    const slow = await openStuck({ queueSize: 10 * STUFFING.byteLength });
    Array.from({ length: 10 }, () => slow.outbox.post(STUFFING));

    for (let read = 1; read <= 11; read++) {
      expect(await readText(slow)).toHaveLength(STUFFING.byteLength);
      await turn();
      // One message is in the buffer of each end.
      expect(slow.counters.delivered).toBe(Math.min(read + 2, 11));
    }
  });

  it.each([
    ['messages', { queueMessages: 3 }],
    ['bytes', { queueSize: 3 * 'message 0'.length }],
  ])('drops the oldest messages when too many %s are queued, and counts them', async (_what, limit) => {
    const slow = await openStuck(limit);

    postAll(slow, numbered(10));
    expect(slow.counters.dropped).toBe(7);

    await readText(slow);
    expect(await readTexts(slow, 3)).toEqual(numbered(10).slice(7));
  });

  it.each(['drop-oldest', 'close'] as const)(
    'queues a single message that exceeds the limit, with the policy %s',
    async (whenQueueFull) => {
      const slow = await openStuck({ queueSize: 10, whenQueueFull });

      postAll(slow, ['x'.repeat(11)]);

      await readText(slow);
      expect(await readText(slow)).toBe('x'.repeat(11));
      expect(slow.counters).toEqual({ delivered: 2, dropped: 0, closedAsSlow: 0 });
    },
  );

  it('drops a message that exceeds the limit when the next one arrives', async () => {
    const slow = await openStuck({ queueSize: 10 });

    postAll(slow, ['first', 'x'.repeat(11), 'last']);

    await readText(slow);
    expect(await readText(slow)).toBe('last');
    expect(slow.counters.dropped).toBe(2);
  });

  it('closes with 1013 and discards its queue when the queue is full and the policy is `close`', async () => {
    const slow = await openStuck({ queueMessages: 3, whenQueueFull: 'close' });

    postAll(slow, numbered(10));

    expect(slow.connection.state).toBe('closeSent');
    expect(slow.counters).toEqual({ delivered: 1, dropped: 4, closedAsSlow: 1 });
    await readText(slow);
    const { opcode, payload } = await readFrame(slow.client);
    expect([opcode, payload.readUInt16BE(), payload.toString('utf8', 2)]).toEqual([
      8,
      1013,
      'Too many messages wait for this client',
    ]);
  });

  it('holds a bounded amount for each of ten stuck clients', async () => {
    const stuck = await Promise.all(Array.from({ length: 10 }, () => openStuck({ queueSize: 10_000 })));
    const message = new PreparedMessage('x'.repeat(1000));

    for (let i = 0; i < 10_000; i++) {
      stuck.forEach(({ outbox }) => outbox.post(message));
    }
    await turn();

    for (const { connection, counters } of stuck) {
      expect(connection.bufferedAmount).toBeLessThan(STUFFING.byteLength + 100);
      expect(counters).toMatchObject({ delivered: 1, dropped: 9_990 });
    }
  });

  it('discards messages for a client that has left, without waiting', async () => {
    const slow = await openStuck();
    postAll(slow, numbered(5));

    slow.connection.abort();
    await slow.connection.closed;
    await turn();
    postAll(slow, numbered(5));

    expect(slow.counters).toMatchObject({ delivered: 1, dropped: 0 });
  });
});
