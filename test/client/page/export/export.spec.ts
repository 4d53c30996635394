import { fromBase64, toBase64 } from '../../../../client/page/export/base64.js';
import { toCsv } from '../../../../client/page/export/csv.js';
import { fromHar, toHar } from '../../../../client/page/export/har.js';
import { toNdjson } from '../../../../client/page/export/ndjson.js';
import type { LogEntry } from '../../../../client/page/log/log-entry.js';

const TIME = Date.UTC(2026, 4, 4, 9, 30, 0, 250);
const URL = 'ws://localhost:5000/ws?a=b';

const log: readonly LogEntry[] = [
  {
    kind: 'notice',
    time: TIME,
    text: 'Connection opened',
    note: URL,
    opened: { url: URL, subprotocol: 'chat', milliseconds: 4 },
  },
  { kind: 'message', time: TIME + 1, from: 'Client', data: '=1+1, "two"\n', size: 12 },
  {
    kind: 'message',
    time: TIME + 2.5,
    from: 'Server',
    data: Uint8Array.from([0, 255]).buffer,
    size: 2,
    roundTrip: 1.5,
    difference: 'Differs.',
  },
  { kind: 'problem', time: TIME + 3, text: 'It broke' },
];

it('NDJSON contains one object per row, with binary data in Base64', () => {
  const lines = [...toNdjson(log)].map((line) => {
    expect(line.indexOf('\n')).toBe(line.length - 1);
    return JSON.parse(line) as unknown;
  });

  expect(lines).toEqual([
    { time: '2026-05-04T09:30:00.250Z', kind: 'notice', text: 'Connection opened', note: URL },
    {
      time: '2026-05-04T09:30:00.251Z',
      kind: 'message',
      from: 'Client',
      to: 'Server',
      type: 'text',
      size: 12,
      data: '=1+1, "two"\n',
    },
    {
      time: '2026-05-04T09:30:00.252Z',
      kind: 'message',
      from: 'Server',
      to: 'Client',
      type: 'binary',
      size: 2,
      roundTripMs: 1.5,
      difference: 'Differs.',
      encoding: 'base64',
      data: 'AP8=',
    },
    { time: '2026-05-04T09:30:00.253Z', kind: 'problem', text: 'It broke' },
  ]);
});

it('CSV is quoted, and contains no formulas', () => {
  expect([...toCsv(log)].slice(1)).toEqual([
    `2026-05-04T09:30:00.250Z,,,notice,,,,Connection opened ${URL}\r\n`,
    `2026-05-04T09:30:00.251Z,Client,Server,text,12,,,"'=1+1, ""two""\n"\r\n`,
    '2026-05-04T09:30:00.252Z,Server,Client,binary,2,1.500,Differs.,AP8=\r\n',
    '2026-05-04T09:30:00.253Z,,,problem,,,,It broke\r\n',
  ]);
});

describe('HAR', () => {
  it("contains one entry per connection, with messages in Chrome's format", () => {
    const har = JSON.parse(toHar(log, URL)) as { log: { version: string; entries: Record<string, unknown>[] } };

    expect(har.log.version).toBe('1.2');
    expect(har.log.entries).toHaveLength(1);
    expect(har.log.entries[0]).toMatchObject({
      _resourceType: 'websocket',
      _webSocketMessages: [
        { type: 'send', time: (TIME + 1) / 1_000, opcode: 1, data: '=1+1, "two"\n' },
        { type: 'receive', time: (TIME + 2.5) / 1_000, opcode: 2, data: 'AP8=' },
      ],
      request: { method: 'GET', url: URL, queryString: [{ name: 'a', value: 'b' }] },
      response: { status: 101, statusText: 'Switching Protocols' },
      startedDateTime: '2026-05-04T09:30:00.246Z',
      time: 6.5,
    });
  });

  it('can be imported again', () => {
    expect(fromHar(toHar(log, URL))).toEqual({
      entries: [
        {
          kind: 'notice',
          time: TIME - 4,
          text: 'Connection opened',
          note: URL,
          opened: { url: URL, subprotocol: '', milliseconds: 0 },
        },
        { kind: 'message', time: TIME + 1, from: 'Client', data: '=1+1, "two"\n', size: 12 },
        { kind: 'message', time: TIME + 2.5, from: 'Server', data: Uint8Array.from([0, 255]).buffer, size: 2 },
      ],
    });
  });

  it('contains the URL of the settings when the opening of the connection was dropped', () => {
    expect(JSON.parse(toHar(log.slice(1), URL))).toMatchObject({ log: { entries: [{ request: { url: URL } }] } });
  });

  it.each([
    ['nonsense', 'The file is not JSON'],
    ['null', 'The file has no log.entries'],
    ['{"log":{"entries":{}}}', 'The file has no log.entries'],
    ['{"log":{"entries":[null,{"request":{"url":"http://a"}}]}}', 'The file has no WebSocket messages'],
  ])('is rejected when it is invalid: %s', (text, problem) => {
    expect(fromHar(text)).toEqual({ problem: expect.stringContaining(problem) });
  });

  it('is imported without its malformed messages', () => {
    const text = JSON.stringify({
      log: {
        entries: [
          {
            startedDateTime: 'never',
            request: { url: 'ws://a' },
            _webSocketMessages: [
              null,
              { type: 'send', time: 'x', opcode: 1, data: 'a' },
              { type: 'send', time: 1e300, opcode: 1, data: 'a' },
              { type: 'receive', time: 1, opcode: 2, data: 'not Base64!' },
              { type: 'error', time: 2, opcode: -1, data: 'Could not decode a text frame as UTF-8.' },
            ],
          },
        ],
      },
    });

    expect(fromHar(text)).toMatchObject({
      entries: [
        { time: 0 },
        { from: 'Server', time: 1_000, data: 'not Base64!' },
        { kind: 'problem', time: 2_000, text: 'Could not decode a text frame as UTF-8.' },
      ],
    });
  });

  it.each(['', 'hello', 'ws://['])('is exported with the URL "%s"', (url) => {
    expect(JSON.parse(toHar(log.slice(1), url))).toMatchObject({
      log: { entries: [{ request: { url, queryString: [] } }] },
    });
  });
});

it.each([0, 1, 2, 3, 0x6000, 0x6001, 100_000])('%d bytes survive a Base64 round trip', (size) => {
  const bytes = Uint8Array.from({ length: size }, (_, index) => index % 251);

  expect(toBase64(bytes.buffer)).toBe(Buffer.from(bytes).toString('base64'));
  expect(fromBase64(toBase64(bytes.buffer))).toEqual(bytes.buffer);
});
