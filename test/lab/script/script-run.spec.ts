import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createLabServer, type ClientClose, type LabServer } from '../../../src/lab/lab-server.js';
import { binary, close, continuation, ping, pong, text } from '../../libs/websockets/protocol/client-frame.js';
import { endRawClients, RawClient } from '../../support/raw-client.js';
import { until } from '../../support/until.js';

let lab: LabServer;
beforeAll(async () => {
  lab = await createLabServer();
});
afterEach(endRawClients);
afterAll(() => lab.close());

function open(query = ''): Promise<RawClient> {
  return RawClient.open(lab.port, `/lab?${query}`);
}

/** The payloads of the frames up to a close frame, as text. */
async function readToClose(client: RawClient): Promise<string[]> {
  const texts: string[] = [];
  for (;;) {
    const { opcode, payload } = await client.readFrame();
    if (opcode === 8) {
      return texts;
    }
    texts.push(payload.toString());
  }
}

describe('Messages that are sent', () => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

  it.each([
    ['count=2', Array.from({ length: 2 }, () => ({ opcode: 1, fin: true, payload: alphabet.slice(0, 32) }))],
    ['count=1&size=0', [{ opcode: 1, fin: true, payload: '' }]],
    ['count=1&size=3&type=binary', [{ opcode: 2, fin: true, payload: 'ABC' }]],
    [
      'count=2&size=3&fragment=2&every=5ms',
      Array.from({ length: 2 }, () => [
        { opcode: 1, fin: false, payload: 'AB' },
        { opcode: 0, fin: true, payload: 'C' },
      ]).flat(),
    ],
    [
      'count=1&size=66&fragment=65',
      [
        { opcode: 1, fin: false, payload: `${alphabet}A` },
        { opcode: 0, fin: true, payload: 'B' },
      ],
    ],
  ])('have the number, size, type and fragments of ?%s', async (query, frames) => {
    const client = await open(query);

    for (const { payload, ...frame } of frames as { payload: string }[]) {
      expect(await client.readFrame()).toEqual({ ...frame, payload: Buffer.from(payload) });
    }
  });

  it('are followed by their digest', async () => {
    const client = await open('count=2&size=100000&digest=true&fragment=1000&close=1000');
    const payloads = await readToClose(client);

    const bytes = alphabet.repeat(2000).slice(0, 100_000).repeat(2);
    expect(payloads.slice(0, -1).join('')).toBe(bytes);
    expect(JSON.parse(payloads.at(-1)!)).toEqual({
      sha256: createHash('sha256').update(bytes).digest('hex'),
      messages: 2,
      bytes: 200_000,
    });
  });

  it('are sent slowly with write-rate', async () => {
    const client = await open('count=1&size=2KiB&write-rate=20KiB&close=1000');
    const packets: Buffer[] = [];
    for await (const packet of client.socket) {
      packets.push(packet as Buffer);
      if (Buffer.concat(packets).length >= 4 + 2048) {
        break;
      }
    }

    expect(packets.length).toBeGreaterThan(1);
  });

  it('may be any bytes, in packets at an interval', async () => {
    const client = await open('frame=c103616263&frame=ff&pace=5ms');

    expect((await client.readBytes(6)).toString('hex')).toBe('c103616263ff');
  });

  it.each(['stall-payload', 'cut-payload'])('end within a frame with fault=%s', async (name) => {
    const client = await open(`fault=${name}${name === 'stall-payload' ? '&end=20ms' : ''}`);
    client.write(ping('not answered'));

    expect((await client.readToEnd()).toString('hex')).toBe('810a68616c662e');
  });
});

describe('An echo', () => {
  it('has the type and the fragments of the message', async () => {
    const client = await open();
    client.write(
      Buffer.concat([binary('one'), text('t', false), continuation('w'.repeat(200), false), continuation('o')]),
    );

    expect([
      await client.readFrame(),
      await client.readFrame(),
      await client.readFrame(),
      await client.readFrame(),
    ]).toEqual([
      { opcode: 2, fin: true, payload: Buffer.from('one') },
      { opcode: 1, fin: false, payload: Buffer.from('t') },
      { opcode: 0, fin: false, payload: Buffer.from('w'.repeat(200)) },
      { opcode: 0, fin: true, payload: Buffer.from('o') },
    ]);
  });

  it.each([
    ['echo-delay=20ms', ['1', '2', '3', '4', '5']],
    ['drop-every=2', ['1', '3', '5']],
    ['double-every=2', ['1', '2', '2', '3', '4', '4', '5']],
    ['reorder-every=2', ['1', '3', '2', '5', '4']],
    ['write-rate=1KiB', ['1', '2', '3', '4', '5']],
    ['read=1KiB', ['1', '2', '3', '4', '5']],
    ['echo=false', []],
  ])('of five messages with ?%s', async (query, echoes) => {
    const client = await open(`${query}&after-messages=5&close=1000`);
    client.write(Buffer.concat(['1', '2', '3', '4', '5'].map((payload) => text(payload))));

    expect(await readToClose(client)).toEqual(echoes);
  });

  it('is not sent when nothing is read', async () => {
    const client = await open('read=0&end=50ms');
    client.write(text('hello'));

    expect(await client.readToEnd()).toHaveLength(0);
  });

  it('goes to all connections of a channel', async () => {
    const [one, two, other] = await Promise.all(['room', 'room', 'other'].map((name) => open(`channel=${name}`)));
    one.write(text('hello'));
    other.write(text('alone'));

    const heard = await Promise.all([one, two, other].map((client) => client.readText()));
    expect(heard).toEqual(['hello', 'hello', 'alone']);
  });

  it('goes to a connection of a channel at the rate of its write-rate', async () => {
    const client = await open('channel=slow&write-rate=2KiB&end=1s');
    let packets = 0;
    client.socket.on('data', () => packets++);
    client.write(text('x'.repeat(400)));

    await client.readToEnd();
    expect(packets).toBeGreaterThan(1);
  });

  it.each([
    [
      'of more than 4 MiB',
      Buffer.concat([text('x'.repeat(3 * 1024 ** 2), false), continuation('x'.repeat(2 * 1024 ** 2))]),
    ],
    ['of a frame of more than 4 MiB', Buffer.concat([binary(Buffer.alloc(5 * 1024 ** 2))])],
    [
      'of more than 10,000 frames',
      Buffer.concat([text('', false), ...Array.from({ length: 10_000 }, () => continuation('', false))]),
    ],
  ])('is refused with 1009 for a message %s', async (_, message) => {
    const client = await open();
    client.write(message);

    expect(await client.readClose()).toMatchObject({ status: 1009 });
  });
});

describe('Pings and pongs', () => {
  it('are sent at an interval', async () => {
    const client = await open('ping-every=1ms&ping-size=3&pong-every=1ms');
    const seen = new Set<string>();
    while (seen.size < 2) {
      const { opcode, payload } = await client.readFrame();
      seen.add(`${opcode} ${payload.toString()}`);
    }

    expect(seen).toEqual(new Set(['9 ABC', '10 unsolicited']));
  });

  it('are sent between the fragments of a message', async () => {
    const client = await open('count=1&size=1KiB&fragment=64&write-rate=4KiB&pong-every=1ms');
    const opcodes: number[] = [];
    for (;;) {
      const { opcode, fin } = await client.readFrame();
      opcodes.push(opcode);
      if (opcode === 0 && fin) {
        break;
      }
    }

    expect(opcodes.slice(opcodes.indexOf(1))).toContain(10);
  });

  it.each([
    ['', ['ping', 'echo']],
    ['pong=never', ['echo']],
    ['pong=wrong', ['wrong', 'echo']],
    ['pong=twice', ['ping', 'ping', 'echo']],
    ['pong=late&pong-delay=20ms', ['echo', 'ping']],
  ])('are answered with ?%s', async (query, answers) => {
    const client = await open(query);
    client.write(Buffer.concat([ping('ping'), text('echo')]));

    for (const answer of answers) {
      expect(await client.readText()).toBe(answer);
    }
  });
});

describe('The close frame of the lab', () => {
  it.each([
    ['close=4123&reason=bye', { status: 4123, reason: 'bye' }],
    ['close=0', { status: 0, reason: '' }],
    ['close=1005', { status: 1005, reason: '' }],
    ['close=65535', { status: 65_535, reason: '' }],
    ['close=empty', { status: undefined, reason: '' }],
    [`close=1000&reason=${'x'.repeat(124)}`, { status: 1000, reason: 'x'.repeat(124) }],
    ['close=4000&after=10ms', { status: 4000, reason: '' }],
  ])('is as in ?%s', async (query, expected) => {
    const client = await open(query);
    const { opcode, payload } = await client.readFrame().catch(() => ({ opcode: 0, payload: Buffer.alloc(0) }));

    expect([opcode, payload.length === 0 ? undefined : payload.readUInt16BE(), payload.toString('utf8', 2)]).toEqual([
      8,
      expected.status,
      expected.reason,
    ]);
  });

  it('comes after a number of messages, with messages after it', async () => {
    const client = await open('after-messages=2&close=4123&messages-after-close=2');
    client.write(text('1')).write(binary('2'));

    expect(await readToClose(client)).toEqual(['1', '2']);
    expect([await client.readText(), await client.readText()]).toEqual(['after close 1', 'after close 2']);
  });

  it('shares its packet with the messages after it with coalesce-close', async () => {
    const client = await open('close=1000&messages-after-close=1&coalesce-close=true&after=20ms');
    const packet = await new Promise<Buffer>((resolve) => client.socket.once('data', resolve));

    expect(packet.toString('latin1')).toBe('\x88\x02\x03\xe8\x81\x0dafter close 1');
  });
});

describe('A close frame of the client', () => {
  it.each([
    ['', { status: 4001, reason: 'enough' }],
    ['close-reply=4002', { status: 4002, reason: '' }],
    ['close-reply=late&close-reply-delay=20ms', { status: 4001, reason: 'enough' }],
  ])('is answered with ?%s, and the connection ends', async (query, answer) => {
    const client = await open(query);
    client.write(close(4001, 'enough'));

    expect(await client.readClose()).toEqual(answer);
    expect(await client.readToEnd()).toHaveLength(0);
  });

  it.each([
    ['close-reply=never', []],
    ['close-reply=1000&keep-open=true', [8]],
  ])('leaves the connection open with ?%s', async (query, answers) => {
    const client = await open(query);
    client.write(close(1000)).write(ping('still there'));

    for (const opcode of answers) {
      expect((await client.readFrame()).opcode).toBe(opcode);
    }
    expect(await client.readFrame()).toMatchObject({ opcode: 10, payload: Buffer.from('still there') });
  });
});

describe('The connection', () => {
  it('ends with FIN with ?end', async () => {
    expect(await (await open('end=0')).readToEnd()).toHaveLength(0);
  });

  it('ends with RST with ?abort', async () => {
    const client = await open('abort=10ms');
    const [error] = (await once(client.socket, 'error')) as [NodeJS.ErrnoException];

    expect(error.code).toBe('ECONNRESET');
  });

  it('ends with FIN after that of the client', async () => {
    const client = await open();
    client.end();

    expect(await client.readToEnd()).toHaveLength(0);
  });
});

describe('How a client closed', () => {
  let id = 0;

  /** The report of the lab, as soon as it exists. */
  async function closeOf(name: string): Promise<ClientClose | undefined> {
    await until(() => lab.closeOf(name) !== undefined);
    return lab.closeOf(name);
  }

  it.each<[string, string, (client: RawClient) => unknown, object]>([
    [
      'a close frame',
      '',
      (client) => client.write(close(4001, 'enough')),
      { by: 'close-frame', code: 4001, reason: 'enough' },
    ],
    ['a close frame without a code', '', (client) => client.write(close()), { by: 'close-frame' }],
    ['the end of its half', '', (client) => client.end(), { by: 'end' }],
    ['a reset', '', (client) => client.reset(), { by: 'reset' }],
    ['a reset while the lab writes', '&count=1000000&size=1KiB', (client) => client.reset(), { by: 'reset' }],
    ['a reset while the lab waits', '&echo=false&ping-every=30s', (client) => client.reset(), { by: 'reset' }],
    ['a reset of the lab', '&abort=20ms', () => {}, { by: 'lab' }],
  ])('is told for %s', async (_, query, act, expected) => {
    const name = `close-${++id}`;
    const client = await open(`id=${name}${query}`);
    await act(client);

    expect(await closeOf(name)).toMatchObject(expected);
  });

  it('has the numbers of what the client sent before', async () => {
    const client = await open('id=counts');
    client.write(Buffer.concat([text('1'), text('2', false), continuation('2'), ping(), pong(), pong(), close(1000)]));

    expect(await closeOf('counts')).toMatchObject({ code: 1000, received: { messages: 2, pings: 1, pongs: 2 } });
  });
});

describe('The commands of the test server of .NET', () => {
  it.each([
    ['.close', [], '.close'],
    ['.shutdown', [], '.shutdown'],
    ['.closeafter', ['.closeafter'], '.closeafter'],
    ['.shutdownafter', ['.shutdownafter'], '.shutdownafter'],
  ])('%s', async (command, echoes, reason) => {
    const client = await open('commands=true');
    client.write(text('before')).write(text(command));

    expect(await client.readText()).toBe('before');
    for (const echo of echoes) {
      expect(await client.readText()).toBe(echo);
    }
    expect(await client.readClose()).toEqual({ status: 1000, reason });
  });

  it('.abort', async () => {
    const client = await open('commands=true');
    client.write(text('.abort'));

    const [error] = (await once(client.socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNRESET');
  });
});
