import { readStdin, type Input, type StdinCommand } from '../../../../client/console/src/pipe/input.js';
import { UsageError } from '../../../../client/console/src/command-line.js';

async function* chunks(parts: readonly (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const part of parts) {
    yield Buffer.from(part as string);
  }
}

async function ordersOf(parts: readonly (string | Buffer)[], how: Partial<Input>): Promise<StdinCommand[]> {
  const orders: StdinCommand[] = [];
  const input = { format: 'lines', separator: 10, binary: false, ...how } as const;
  for await (const command of readStdin(chunks(parts), input)) {
    orders.push(command);
  }
  return orders;
}

const send = (data: string | Buffer, binary = false): StdinCommand => ({
  kind: 'send',
  message: { data: Buffer.from(data as string), binary },
});
const notUtf8 = Buffer.from([0x61, 0xff]);

describe('stdin', () => {
  it.each([
    ['lines', ['a\nb\n'], {}, [send('a'), send('b')]],
    ['lines of hex', ['00 ff\n'], { binary: true }, [send(Buffer.from([0, 255]), true)]],
    ['texts that end with NUL', ['a\nb\0c'], { separator: 0 }, [send('a\nb'), send('c')]],
    ['one text', ['a\n', 'b\n'], { format: 'message' }, [send('a\nb\n')]],
    ['one binary message', [notUtf8], { format: 'message', binary: true }, [send(notUtf8, true)]],
    ['an empty message', [], { format: 'message' }, [send('')]],
    ['chunks', ['a\n', 'b'], { format: 'chunks' }, [send('a\n'), send('b')]],
    [
      'binary chunks',
      [notUtf8, notUtf8],
      { format: 'chunks', binary: true },
      [send(notUtf8, true), send(notUtf8, true)],
    ],
    [
      'chunks of whole characters',
      [Buffer.from([0x61, 0xf0]), Buffer.from([0x9f, 0x98]), Buffer.from([0x80, 0x62])],
      { format: 'chunks' },
      [send('a'), send('😀b')],
    ],
    ['objects', ['{"text":"a\\nb"}\n{"text":""}'], { format: 'json' }, [send('a\nb'), send('')]],
    ['objects with hex', ['{"binary":"00 ff"}'], { format: 'json' }, [send(Buffer.from([0, 255]), true)]],
    ['objects with pings', ['{"ping":"hi"}'], { format: 'json' }, [{ kind: 'ping', data: Buffer.from('hi') }]],
    [
      'objects with a status',
      ['{"close":4000,"reason":"bye"}\n{"close":1000}'],
      { format: 'json' },
      [
        { kind: 'close', status: { code: 4000, reason: 'bye' } },
        { kind: 'close', status: { code: 1000, reason: '' } },
      ],
    ],
  ] as [string, (string | Buffer)[], Partial<Input>, StdinCommand[]][])(
    'is read as %s',
    async (_, parts, how, orders) => {
      expect(await ordersOf(parts, how)).toEqual(orders);
    },
  );

  it.each([
    [notUtf8, {}, 'Line 1 of stdin is not UTF-8'],
    [notUtf8, { format: 'message' }, 'stdin is not UTF-8'],
    [notUtf8, { format: 'chunks' }, 'stdin is not UTF-8'],
    [Buffer.from([0xf0, 0x9f]), { format: 'chunks' }, 'stdin is not UTF-8'],
    ['00\nxyz', { binary: true }, 'Line 2 of stdin is not hexadecimal, which --binary needs: "xyz"'],
    ...[
      'hello',
      '',
      '[]',
      'null',
      '"text"',
      '{}',
      '{"text":1}',
      '{"text":"a","binary":"00"}',
      '{"text":"a","reason":"b"}',
      '{"text":"a","id":1}',
      '{"Text":"a"}',
      '{"text":"\\ud83d"}',
      '{"binary":"0"}',
      '{"close":"1000"}',
      '{"close":1000,"reason":1}',
    ].map((line) => [
      `{"text":"a"}\n${line}\n`,
      { format: 'json' },
      `Line 2 of stdin is not one of {"text": …}, {"binary": hex}, {"ping": text} or {"close": status, "reason": …}: ${JSON.stringify(line)}`,
    ]),
    ['{"close":1005}', { format: 'json' }, 'Line 1 of stdin: "1005" is not a valid close status; accepted:'],
    [`{"close":1000,"reason":"${'x'.repeat(124)}"}`, { format: 'json' }, 'Line 1 of stdin: The reason has 124 bytes'],
    [`{"ping":"${'x'.repeat(126)}"}`, { format: 'json' }, 'the ping has 126 bytes; accepted: at most 125.'],
  ] as [string | Buffer, Partial<Input>, string][])('of %j with %j is a mistake', async (part, how, message) => {
    const reading = ordersOf([part], how);

    await expect(reading).rejects.toThrow(UsageError);
    await expect(reading).rejects.toThrow(message);
  });

  it.each([['lines'], ['message']] as const)('is limited in memory when it is read as %s', async (format) => {
    const mebibyte = Buffer.alloc(1024 * 1024, 'x');

    await expect(
      ordersOf(
        Array.from({ length: 101 }, () => mebibyte),
        { format },
      ),
    ).rejects.toThrow('larger than 100 MiB, the limit of a message');
  });
});
