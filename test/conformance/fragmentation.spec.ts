import { binary, continuation, ping, pong, text } from '../libs/websockets/protocol/client-frame.js';
import { echoInMemory, exchange, farewell, goodbye, NORMAL_CLOSURE } from './exchange.js';
import { partsOf, textOf } from './payloads.js';
import { answer, readAnswers, readServerFrames, serverFrame } from './server-frames.js';
import './wire-matchers.js';

const KIB = 1024;
const MIB = 1024 * KIB;

const open = echoInMemory();

describe('RFC 6455 5.4: a fragmented message', () => {
  it.each([
    [
      'in two fragments',
      [text('Hel', false), continuation('lo')],
      [serverFrame(1, 'Hel', false), serverFrame(0, 'lo')],
    ],
    [
      'of binary data in three fragments',
      [binary('H', false), continuation('el', false), continuation('lo')],
      [serverFrame(2, 'H', false), serverFrame(0, 'el', false), serverFrame(0, 'lo')],
    ],
    [
      'with an empty first fragment',
      [text('', false), continuation('Hello')],
      [serverFrame(1, '', false), serverFrame(0, 'Hello')],
    ],
    [
      'with an empty last fragment',
      [text('Hello', false), continuation('')],
      [serverFrame(1, 'Hello', false), serverFrame(0, '')],
    ],
    [
      'with an empty fragment in the middle',
      [text('Hel', false), continuation('', false), continuation('lo')],
      [serverFrame(1, 'Hel', false), serverFrame(0, '', false), serverFrame(0, 'lo')],
    ],
    [
      'with empty fragments only',
      [text('', false), continuation('', false), continuation('')],
      [serverFrame(1, '', false), serverFrame(0, '', false), serverFrame(0, '')],
    ],
    [
      'after another message of another type',
      [text('a', false), continuation('b'), binary('c', false), continuation('d')],
      [serverFrame(1, 'a', false), serverFrame(0, 'b'), serverFrame(2, 'c', false), serverFrame(0, 'd')],
    ],
    [
      'with control frames between its fragments',
      [text('Hel', false), ping('1'), pong('2'), continuation('l', false), ping('3'), ping(''), continuation('o')],
      [
        serverFrame(1, 'Hel', false),
        serverFrame(10, '1'),
        serverFrame(0, 'l', false),
        serverFrame(10, '3'),
        serverFrame(10, ''),
        serverFrame(0, 'o'),
      ],
    ],
  ])('%s is echoed fragment by fragment', async (_name, frames, echo) => {
    expect(await exchange(open, [...frames, goodbye])).toBeBytes(...echo, farewell);
    const inPieces = await exchange(open, [...frames, goodbye], 1);
    expect(readAnswers(inPieces)).toEqual(readAnswers(Buffer.concat([...echo, farewell])));
  });

  it.each([
    [4 * MIB, 64],
    [4 * MIB, 256],
    [4 * MIB, 4 * KIB],
    [4 * MIB, 64 * KIB],
    [4 * MIB, MIB],
    [64 * KIB, 1],
  ])('of %i bytes, %i in each fragment, is echoed', async (length, size) => {
    const payload = textOf(length);
    const parts = partsOf(payload, size);
    const frames = parts.map((part, i) => (i === 0 ? text(part, false) : continuation(part, i === parts.length - 1)));
    const answers = await exchange(open, [...frames, goodbye]);
    expect(readAnswers(answers)).toEqual([answer(1, payload), answer(8, NORMAL_CLOSURE)]);
    expect(readServerFrames(answers).length).toBeGreaterThan(parts.length);
  });

  it('is echoed before it is complete', async () => {
    const client = open();
    for (const [sent, echo] of [
      [text('Hel', false), serverFrame(1, 'Hel', false)],
      [continuation('lo', false), serverFrame(0, 'lo', false)],
      [continuation(''), serverFrame(0, '')],
    ]) {
      await client.send(sent);
      expect(await client.readBytes(echo.length)).toBeBytes(echo);
    }
    await client.send(goodbye);
    expect(await client.readToEnd()).toBeBytes(farewell);
  });

  it('is echoed as its bytes arrive, before its frame is complete', async () => {
    const client = open();
    const bytes = binary('Hello');
    await client.send(bytes.subarray(0, 8));
    expect(await client.readBytes(4)).toBeBytes(serverFrame(2, 'He', false));
    await client.send(bytes.subarray(8));
    expect(await client.readBytes(5)).toBeBytes(serverFrame(0, 'llo'));
    await client.send(goodbye);
    expect(await client.readToEnd()).toBeBytes(farewell);
  });
});

describe('RFC 6455 5.4: the server closes with 1002 for', () => {
  it.each([
    ['a continuation without a message', [continuation('x')], []],
    ['a continuation without a message and without FIN', [continuation('x', false)], []],
    ['an empty continuation without a message', [continuation('')], []],
    ['a continuation after a whole message', [text('Hi'), continuation('x')], [serverFrame(1, 'Hi')]],
    [
      'a continuation after the last fragment',
      [text('a', false), continuation('b'), continuation('c')],
      [serverFrame(1, 'a', false), serverFrame(0, 'b')],
    ],
    ['a continuation after a ping', [ping('Hi'), continuation('x')], [serverFrame(10, 'Hi')]],
    ['text inside a text message', [text('a', false), text('b')], [serverFrame(1, 'a', false)]],
    ['binary inside a text message', [text('a', false), binary('b')], [serverFrame(1, 'a', false)]],
    ['text inside a binary message', [binary('a', false), text('b')], [serverFrame(2, 'a', false)]],
    ['a fragment of text inside a message', [text('a', false), text('b', false)], [serverFrame(1, 'a', false)]],
    [
      'text after a continuation without FIN',
      [text('a', false), continuation('b', false), text('c')],
      [serverFrame(1, 'a', false), serverFrame(0, 'b', false)],
    ],
    [
      'text inside a message, after a ping',
      [text('a', false), ping('p'), text('b')],
      [serverFrame(1, 'a', false), serverFrame(10, 'p')],
    ],
  ])('%s', async (_name, frames, echo) => {
    expect(await exchange(open, frames)).toBeFailure(1002, ...echo);
    expect(await exchange(open, [...frames, ping('no'), goodbye])).toBeFailure(1002, ...echo);
  });
});
