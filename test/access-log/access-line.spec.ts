import { jsonFormat, redactedPath, TextFormat, type AccessEntry } from '../../src/access-log/access-line.js';

const opened: AccessEntry = {
  event: 'opened',
  id: 12,
  address: '192.0.2.1',
  path: '/ws?room=***',
  protocol: 'h1',
  tls: 'TLSv1.3',
  origin: 'https://a.com',
  subprotocol: 'chat',
  userAgent: 'Mozilla/5.0 (X11)',
};
const closed: AccessEntry = {
  event: 'closed',
  id: 12,
  address: '2001:db8::1',
  path: '/ws',
  protocol: 'h2',
  duration: 1234,
  messagesReceived: 1,
  bytesReceived: 11,
  messagesSent: 2,
  bytesSent: 14,
  closedBy: 'peer',
  closeCode: 1000,
  closeReason: 'good bye',
};
const refused: AccessEntry = {
  event: 'refused',
  address: '',
  path: '/ws',
  protocol: 'h1',
  status: 403,
  reason: 'origin',
  origin: 'https://evil.com',
};

/** What would move the cursor, colour, hide or turn text around, or begin a line of its own. */
const HOSTILE = [
  '\n',
  '\r',
  '\u001b[31m',
  '\0',
  '\u007f',
  '\u009b',
  '\u00ad',
  '\u061c',
  '\u200b',
  '\u202e',
  '\u2028',
  '\u2066',
  '\ufeff',
  '\ud800',
  '\u{e0001}',
];
/** A line without such characters, but for its end. */
const ONE_PRINTABLE_LINE = /^[^\p{C}\p{Zl}\p{Zp}]+\n$/u;

describe('The path in the access log', () => {
  it.each([
    ['/ws', '/ws'],
    ['/ws?', '/ws?'],
    ['/ws?token=secret', '/ws?token=***'],
    ['/ws?a=1&b=&c&d=2=3', '/ws?a=***&b=&c&d=***'],
    ['/ws?token%3Dsecret', '/ws?token%3D***'],
    ['/a=b/ws?c=d;e=f', '/a=b/ws?c=***'],
    ['/ws#token=secret', '/ws#***'],
    ['/ws?a=1#token=secret', '/ws?a=***#***'],
    ['http://me:secret@host/ws?a=1', 'http://***@host/ws?a=***'],
    [`/ws?a=${'x'.repeat(10_000)}`, '/ws?a=***'],
    [`/${'x'.repeat(10_000)}`, `/${'x'.repeat(255)}…`],
  ])('%s is %s', (path, expected) => {
    expect(redactedPath(path)).toBe(expected);
  });
});

describe('A line for people', () => {
  const format = new TextFormat();

  it.each([
    [
      opened,
      '#12    192.0.2.1       h1 TLSv1.3 /ws?room=*** origin=https://a.com subprotocol=chat agent="Mozilla/5.0 (X11)"',
    ],
    [closed, '#12    2001:db8::1     h2 -       /ws by=peer code=1000 reason="good bye" 1.234s in=1/11B out=2/14B'],
    [refused, '-      -               h1 -       /ws status=403 reason=origin origin=https://evil.com'],
  ])('begins as those of Nest do, and has aligned columns', (entry, text) => {
    const line = format.line(entry);
    expect(line).toMatch(new RegExp(`^\\[Nest\\] ${process.pid}  - .+     LOG \\[Access\\] `));
    expect(line.split('[Access] ')[1]).toBe(`${entry.event.padEnd(7)} ${text}\n`);
  });

  it.each(HOSTILE)('escapes %j, wherever a client sends it', (character) => {
    const value = `a${character}b`;
    const line = format.line({ ...closed, path: value, origin: value, closeReason: value, userAgent: value });
    expect(line).toMatch(ONE_PRINTABLE_LINE);
  });

  it('has a value that looks like other fields in quotation marks', () => {
    expect(format.line({ ...closed, closeReason: 'a" by=server' })).toContain(' reason="a\\" by=server" ');
  });

  it('tells how many lines were dropped', () => {
    expect(format.dropped(1)).toMatch(
      /LOG \[Access\] 1 line of the access log dropped, because stdout did not keep up\n$/,
    );
    expect(format.dropped(2)).toContain(' 2 lines of the access log dropped,');
  });
});

describe('A line of JSON', () => {
  it.each([opened, closed, refused])('has the fields of a Nest log, and those that have a value', (entry) => {
    expect(JSON.parse(jsonFormat.line({ ...entry, subprotocol: undefined }))).toEqual({
      ...entry,
      subprotocol: undefined,
      level: 'log',
      pid: process.pid,
      timestamp: expect.any(Number),
      message: `WebSocket ${entry.event}`,
      context: 'Access',
    });
  });

  it.each(HOSTILE)('escapes %j, and keeps it', (character) => {
    const line = jsonFormat.line({ ...closed, closeReason: `a${character}b` });
    expect(line).toMatch(ONE_PRINTABLE_LINE);
    expect(JSON.parse(line)).toMatchObject({ closeReason: `a${character}b` });
  });

  it('tells how many lines were dropped', () => {
    expect(JSON.parse(jsonFormat.dropped(3))).toMatchObject({ level: 'log', event: 'dropped', lines: 3 });
  });
});
