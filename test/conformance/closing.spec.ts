import {
  binary,
  clientFrame,
  close,
  continuation,
  ping,
  pong,
  text,
} from '../libs/websockets/protocol/client-frame.js';
import { echoInMemory, exchange, farewell, goodbye } from './exchange.js';
import { binaryOf } from './payloads.js';
import { readAnswers, serverClose, serverFrame } from './server-frames.js';
import './wire-matchers.js';

const MIB = 1024 * 1024;

/** Whether RFC 6455 section 7.4 and the IANA registry allow a client to send this status. */
const isLegal = (status: number): boolean =>
  [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014].includes(status) ||
  (status >= 3000 && status <= 4999);

const open = echoInMemory();

describe('RFC 6455 7.4: a close status', () => {
  it.each([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3001, 3999, 4000, 4001, 4999])(
    'of %i is echoed',
    async (status) => {
      expect(isLegal(status)).toBe(true);
      expect(await exchange(open, close(status))).toBeBytes(serverClose(status));
      expect(await exchange(open, close(status, 'Why not?'), 1)).toBeBytes(serverClose(status, 'Why not?'));
    },
  );

  it.each([
    0, 1, 255, 256, 500, 998, 999, 1004, 1005, 1006, 1015, 1016, 1017, 1100, 1999, 2000, 2998, 2999, 5000, 5001, 9999,
    32768, 65534, 65535,
  ])('of %i closes with 1002', async (status) => {
    expect(isLegal(status)).toBe(false);
    expect(await exchange(open, close(status))).toBeFailure(1002);
    expect(await exchange(open, close(status, 'Why not?'), 1)).toBeFailure(1002);
  });

  it('between the others is echoed or rejected by the same rule', async () => {
    for (let status = 0; status < 5000; status += 29) {
      const answers = await exchange(open, close(status));
      expect(readAnswers(answers)).toHaveLength(1);
      expect([status, answers.readUInt16BE(2)]).toEqual([status, isLegal(status) ? status : 1002]);
    }
  });

  it('may be absent, and then the answer has none', async () => {
    expect(await exchange(open, close())).toBeBytes(serverClose());
    expect(await exchange(open, close(), 1)).toBeBytes(serverClose());
  });

  it('of one byte closes with 1002', async () => {
    for (const byte of [0x00, 0x03, 0xff]) {
      const frame = clientFrame({ opcode: 8, payload: Buffer.from([byte]) });
      expect(await exchange(open, frame)).toBeFailure(1002);
      expect(await exchange(open, [text('Hi'), frame])).toBeFailure(1002, serverFrame(1, 'Hi'));
    }
  });
});

describe('RFC 6455 5.5.1: a close reason', () => {
  it.each([
    ['of one byte', 'x'],
    ['of 122 bytes', 'x'.repeat(122)],
    ['of 123 bytes', 'x'.repeat(123)],
    ['of 123 bytes, most of them not ASCII', `${'é'.repeat(61)}.`],
    ['with UTF-8 sequences of every length', 'aé€😀'],
    ['with U+0000', 'a\0b'],
    ['with a byte order mark', '\u{feff}bye'],
    ['with the last code point', '\u{10ffff}'],
  ])('%s is echoed', async (_name, reason) => {
    expect(await exchange(open, close(1000, reason))).toBeBytes(serverClose(1000, reason));
    expect(await exchange(open, close(4999, reason), 1)).toBeBytes(serverClose(4999, reason));
  });

  it('of 124 bytes makes the control frame too long, and closes with 1002', async () => {
    expect(await exchange(open, close(1000, 'x'.repeat(124)))).toBeFailure(1002);
  });

  it.each([
    ['80', 'a continuation byte alone'],
    ['61ff', 'a byte that UTF-8 never has'],
    ['c0af', 'an overlong form'],
    ['e080af', 'an overlong form of three bytes'],
    ['eda080', 'a surrogate'],
    ['f4908080', 'what is above U+10FFFF'],
    ['c328', 'a character that is broken off'],
    ['c3', 'a character that the end cuts off'],
    ['f09f98', 'a character of which the last byte is missing'],
    [`${'61'.repeat(121)}e282`, 'a character cut off at 123 bytes'],
    [`${'61'.repeat(122)}ff`, 'a wrong byte at the very end'],
  ])('of the bytes %s, %s, closes with 1007', async (hex) => {
    const reason = Buffer.from(hex, 'hex');
    expect(await exchange(open, close(1000, reason))).toBeFailure(1007);
    expect(await exchange(open, close(1000, reason), 1)).toBeFailure(1007);
    expect(await exchange(open, [ping('p'), close(3000, reason)])).toBeFailure(1007, serverFrame(10, 'p'));
  });

  it('is not checked when the status is invalid: the close has 1002', async () => {
    expect(await exchange(open, close(1005, Buffer.from([0xff])))).toBeFailure(1002);
  });
});

describe('RFC 6455 5.5.1: the server answers a close', () => {
  it.each([
    ['at once, when nothing came before it', [], []],
    [
      'after the echo of earlier frames',
      [text('a'), binary('b'), ping('c'), text('d')],
      [serverFrame(1, 'a'), serverFrame(2, 'b'), serverFrame(10, 'c'), serverFrame(1, 'd')],
    ],
    ['inside a fragmented message', [text('Hel', false)], [serverFrame(1, 'Hel', false)]],
    [
      'inside a UTF-8 sequence that is split between fragments',
      [text(Buffer.from([0xe2, 0x82]), false)],
      [serverFrame(1, Buffer.from([0xe2, 0x82]), false)],
    ],
  ])('%s', async (_name, frames, echo) => {
    expect(await exchange(open, [...frames, close(1001, 'bye')])).toBeBytes(...echo, serverClose(1001, 'bye'));
    const inPieces = await exchange(open, [...frames, close(1001, 'bye')], 1);
    expect(readAnswers(inPieces)).toEqual(readAnswers(Buffer.concat([...echo, serverClose(1001, 'bye')])));
  });

  it('after the whole echo of 8 MiB', async () => {
    const payload = binaryOf(8 * MIB);
    const answers = await exchange(open, [binary(payload), goodbye]);
    expect(readAnswers(answers)).toEqual(readAnswers(Buffer.concat([serverFrame(2, payload), farewell])));
  });

  it('after 2000 messages that arrived with it', async () => {
    const messages = Array.from({ length: 2000 }, (_, i) => text(`${i}`));
    const echo = Array.from({ length: 2000 }, (_, i) => serverFrame(1, `${i}`));
    const answers = await exchange(open, [...messages, goodbye]);
    expect(readAnswers(answers)).toEqual(readAnswers(Buffer.concat([...echo, farewell])));
  });

  it('that arrives in two pieces, at every split', async () => {
    const bytes = close(1000, 'a reason');
    for (let cut = 1; cut < bytes.length; cut++) {
      const client = open();
      await client.sendInPieces(bytes.subarray(0, cut), bytes.length);
      await client.send(bytes.subarray(cut));
      expect(await client.readToEnd()).toBeBytes(serverClose(1000, 'a reason'));
    }
  });

  it('when the client ends its half of the connection right after it', async () => {
    const client = open();
    await client.send(Buffer.concat([text('Hi'), goodbye]));
    client.end();
    expect(await client.readToEnd()).toBeBytes(serverFrame(1, 'Hi'), farewell);
  });
});

it('RFC 6455 5.5.1: the close follows the whole echo, even when the client ends its half before it reads', async () => {
  const payload = binaryOf(16 * MIB);
  const client = open();
  client.write(Buffer.concat([binary(payload), text('last'), goodbye]));
  client.end();
  const expected = [serverFrame(2, payload), serverFrame(1, 'last'), farewell];
  expect(readAnswers(await client.readToEnd())).toEqual(readAnswers(Buffer.concat(expected)));
});

describe('RFC 6455 5.5.1: after a close the server ignores', () => {
  it.each([
    ['text', text('no')],
    ['binary', binary(binaryOf(100_000))],
    ['a ping', ping('no')],
    ['a pong', pong('no')],
    ['the continuation of a message', continuation('no')],
    ['another close', goodbye],
    ['another close with another status', close(3000, 'no')],
    ['a close with an invalid status', close(1005)],
    ['an invalid frame', clientFrame({ opcode: 15, reserved: 7 })],
    ['half a frame', text('Hello').subarray(0, 7)],
    ['text that is no UTF-8', text(Buffer.from([0xff]))],
    ['bytes of no protocol', binaryOf(1000)],
  ])('%s', async (_name, bytes) => {
    expect(await exchange(open, [close(1000, 'bye'), bytes])).toBeBytes(serverClose(1000, 'bye'));
    expect(await exchange(open, [text('a'), goodbye, bytes])).toBeBytes(serverFrame(1, 'a'), farewell);
    const client = open();
    await client.sendInPieces(goodbye, goodbye.length);
    await client.send(bytes);
    expect(await client.readToEnd()).toBeBytes(farewell);
  });
});

describe('RFC 6455 7.1.7: after a failure the server ignores', () => {
  it.each([
    ['text', text('no')],
    ['a ping', ping('no')],
    ['a close', goodbye],
    ['another failure', clientFrame({ opcode: 3 })],
    ['1 MiB of binary data', binary(binaryOf(MIB))],
  ])('%s', async (_name, bytes) => {
    expect(await exchange(open, [clientFrame({ opcode: 4 }), bytes])).toBeFailure(1002);
    expect(await exchange(open, [text(Buffer.from([0xff])), bytes])).toBeFailure(1007);
  });

  it('valid frames only after the failure: earlier ones are answered', async () => {
    const frames = [text('a'), ping('b'), binary('c', false), continuation('d', false), clientFrame({ opcode: 5 })];
    expect(await exchange(open, frames)).toBeFailure(
      1002,
      serverFrame(1, 'a'),
      serverFrame(10, 'b'),
      serverFrame(2, 'c', false),
      serverFrame(0, 'd', false),
    );
  });
});

describe('RFC 6455 7.1.1: the server ends TCP first', () => {
  it('after a close, when the client has not ended its half', async () => {
    const client = open();
    await client.send(goodbye);
    expect(await client.readToEnd()).toBeBytes(farewell);
  });

  it('after a failure, and reads the rest of the bytes instead of resetting the connection', async () => {
    const answers = await exchange(open, [clientFrame({ opcode: 3 }), binary(binaryOf(4 * MIB))]);
    expect(answers).toBeFailure(1002);
  });
});

describe('RFC 6455 7.1.5: when the connection ends without a close frame', () => {
  it.each<[string, Buffer[], Buffer[]]>([
    ['at once', [], []],
    ['after a message', [text('Hi')], [serverFrame(1, 'Hi')]],
    ['after a ping', [ping('Hi')], [serverFrame(10, 'Hi')]],
    ['inside a header', [text('Hi'), Buffer.from([0x81])], [serverFrame(1, 'Hi')]],
    ['inside a long header', [text('Hi'), Buffer.from([0x82, 0xff, 0, 0, 0])], [serverFrame(1, 'Hi')]],
    ['inside a frame', [binary('Hello').subarray(0, 9)], [serverFrame(2, 'Hel', false)]],
    ['inside a ping', [ping('Hello').subarray(0, 9)], []],
    ['inside a close', [close(1000, 'Hello').subarray(0, 9)], []],
    ['inside a message', [text('Hel', false)], [serverFrame(1, 'Hel', false)]],
  ])('%s, the server sends all pending frames and ends without a close frame', async (_name, frames, echo) => {
    const client = open();
    await client.send(Buffer.concat(frames));
    client.end();
    expect(await client.readToEnd()).toBeBytes(...echo);
  });
});
