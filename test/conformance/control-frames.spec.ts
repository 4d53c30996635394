import { binary, clientFrame, continuation, ping, pong, text } from '../libs/websockets/protocol/client-frame.js';
import { echoInMemory, exchange, farewell, goodbye, NORMAL_CLOSURE } from './exchange.js';
import { binaryOf } from './payloads.js';
import { answer, readAnswers, serverFrame } from './server-frames.js';
import './wire-matchers.js';

const everyLength = Array.from({ length: 126 }, (_, length) => length);

/** The payload of a close with a reason, of this total length. */
const closeOf = (length: number): Buffer => Buffer.concat([NORMAL_CLOSURE, Buffer.alloc(length - 2, 'a')]);

const open = echoInMemory();

describe('RFC 6455 5.5.2: a ping', () => {
  it.each([
    ['without a payload', ''],
    ['with one byte', 'x'],
    ['with text', 'Hello, world!'],
    ['with every byte from 0', Buffer.from(everyLength.slice(0, 125))],
    ['with every byte to 255', Buffer.from(everyLength.slice(0, 125)).map((byte) => 255 - byte)],
    ['with what is no UTF-8', Buffer.from('00fffefdfcfbc080eda080', 'hex')],
    ['with 125 bytes', binaryOf(125)],
  ])('%s is answered with a pong of the same payload', async (_name, payload) => {
    expect(await exchange(open, [ping(payload), goodbye])).toBeBytes(serverFrame(10, payload), farewell);
    expect(await exchange(open, [ping(payload), goodbye], 1)).toBeBytes(serverFrame(10, payload), farewell);
  });

  it('of every length from 0 to 125 is answered in order', async () => {
    const payloads = everyLength.map(binaryOf);
    const answers = await exchange(open, [...payloads.map(ping), goodbye]);
    expect(answers).toBeBytes(...payloads.map((payload) => serverFrame(10, payload)), farewell);
  });

  it('of every length from 0 to 125 is answered in order, when it is split anywhere', async () => {
    const payloads = everyLength.map(binaryOf);
    const answers = await exchange(open, [...payloads.map(ping), goodbye], 7);
    expect(answers).toBeBytes(...payloads.map((payload) => serverFrame(10, payload)), farewell);
  });

  it('is answered in order, each of 20,000 that arrive together', async () => {
    const payloads = Array.from({ length: 20_000 }, (_, i) => `ping ${i}`);
    const answers = await exchange(open, [...payloads.map(ping), goodbye]);
    expect(answers).toBeBytes(...payloads.map((payload) => serverFrame(10, payload)), farewell);
  });

  it('is answered in order with the messages around it', async () => {
    const frames = [text('1'), ping('2'), binary('3'), ping('4'), ping('5'), text('6'), goodbye];
    const expected = [
      serverFrame(1, '1'),
      serverFrame(10, '2'),
      serverFrame(2, '3'),
      serverFrame(10, '4'),
      serverFrame(10, '5'),
      serverFrame(1, '6'),
      farewell,
    ];
    expect(await exchange(open, frames)).toBeBytes(...expected);
    expect(await exchange(open, frames, 1)).toBeBytes(...expected);
  });

  it('is answered between two fragments, before the second arrives', async () => {
    const client = open();
    for (const [sent, expected] of [
      [text('Hel', false), serverFrame(1, 'Hel', false)],
      [ping('are you there?'), serverFrame(10, 'are you there?')],
      [continuation('lo'), serverFrame(0, 'lo')],
    ]) {
      await client.send(sent);
      expect(await client.readBytes(expected.length)).toBeBytes(expected);
    }
    await client.send(goodbye);
    expect(await client.readToEnd()).toBeBytes(farewell);
  });

  it('is answered after each of 1000 fragments', async () => {
    const fragments = Array.from({ length: 1000 }, (_, i) => [
      i === 0 ? text('0', false) : continuation(`${i}`, i === 999),
      ping(`${i}`),
    ]);
    const expected = Array.from({ length: 1000 }, (_, i) => [
      serverFrame(i === 0 ? 1 : 0, `${i}`, i === 999),
      serverFrame(10, `${i}`),
    ]);
    const answers = await exchange(open, [...fragments.flat(), goodbye]);
    expect(readAnswers(answers)).toEqual(readAnswers(Buffer.concat([...expected.flat(), farewell])));
  });
});

describe('RFC 6455 5.5.3: an unsolicited pong', () => {
  it.each([
    ['without a payload', [pong('')]],
    ['with a payload', [pong('Hello')]],
    ['with 125 bytes', [pong(binaryOf(125))]],
    ['ten times', Array.from({ length: 10 }, (_, i) => pong(`${i}`))],
  ])('%s is not answered', async (_name, pongs) => {
    expect(await exchange(open, [...pongs, goodbye])).toBeBytes(farewell);
    expect(await exchange(open, [...pongs, goodbye], 1)).toBeBytes(farewell);
    expect(await exchange(open, [text('a'), ...pongs, ping('b'), ...pongs, goodbye])).toBeBytes(
      serverFrame(1, 'a'),
      serverFrame(10, 'b'),
      farewell,
    );
  });

  it('is not part of the fragmented message around it', async () => {
    const answers = await exchange(open, [text('Hel', false), pong('p'), continuation('lo'), goodbye]);
    expect(answers).toBeBytes(serverFrame(1, 'Hel', false), serverFrame(0, 'lo'), farewell);
  });
});

describe.each([
  ['ping', 9],
  ['pong', 10],
  ['close', 8],
] as const)('RFC 6455 5.5: a %s frame closes with 1002', (_kind, opcode) => {
  it.each([126, 127, 1000, 65535, 65536])('when it has %i bytes', async (length) => {
    const frame = clientFrame({ opcode, payload: closeOf(length) });
    expect(await exchange(open, frame)).toBeFailure(1002);
    expect(await exchange(open, [text('Hi'), frame, ping('no')])).toBeFailure(1002, serverFrame(1, 'Hi'));
    // The second byte is enough: the rest has not arrived.
    expect(await exchange(open, frame.subarray(0, 2), 1)).toBeFailure(1002);
  });

  it.each([
    ['16', [0xfe, 0, 2]],
    ['64', [0xff, 0, 0, 0, 0, 0, 0, 0, 2]],
  ])('when its length has %s bits, however small it is', async (_bits, length) => {
    const frame = Buffer.from([0x80 | opcode, ...length, 0, 0, 0, 0, ...NORMAL_CLOSURE]);
    expect(await exchange(open, frame)).toBeFailure(1002);
  });

  it('when it is fragmented', async () => {
    const frame = clientFrame({ opcode, fin: false, payload: NORMAL_CLOSURE });
    expect(await exchange(open, frame)).toBeFailure(1002);
    expect(await exchange(open, [frame, continuation('x')])).toBeFailure(1002);
    expect(await exchange(open, [text('a', false), frame])).toBeFailure(1002, serverFrame(1, 'a', false));
    expect(await exchange(open, frame.subarray(0, 1))).toBeFailure(1002);
  });
});

it('RFC 6455 5.5: the server reads a control frame of 125 bytes that arrives byte by byte', async () => {
  const client = open();
  await client.sendInPieces(Buffer.concat([ping(binaryOf(125)), text('end')]), 1);
  expect(await client.readBytes(127)).toBeBytes(serverFrame(10, binaryOf(125)));
  await client.send(goodbye);
  expect(readAnswers(await client.readToEnd())).toEqual([answer(1, 'end'), answer(8, NORMAL_CLOSURE)]);
});
