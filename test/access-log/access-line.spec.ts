import {
  bounded,
  JsonFormat,
  redactedPath,
  TextFormat,
  type AccessLineFormat,
  type CloseFields,
  type HandshakeFields,
  type RefusalFields,
} from '../../src/access-log/access-line.js';

const handshake: HandshakeFields = {
  address: '192.0.2.1',
  path: '/ws?room=***',
  protocol: 'h1',
  tls: 'TLSv1.3',
  origin: 'https://a.com',
  subprotocol: 'chat',
};
const userAgent = 'Mozilla/5.0 (X11)';
const onlyNecessary: HandshakeFields = { path: '/ws', protocol: 'h2' };
const close: CloseFields = {
  duration: 1234,
  messagesReceived: 1,
  bytesReceived: 11,
  messagesSent: 2,
  bytesSent: 14,
  closedBy: 'peer',
  closeCode: 1000,
  closeReason: 'good bye',
};
const refusal: RefusalFields = { status: 403, reason: 'origin', userAgent };

const opened = (format: AccessLineFormat, fields = handshake, agent: string | undefined = userAgent): string =>
  format.opened(12, format.handshake(fields), agent);
const closed = (format: AccessLineFormat, fields = handshake, end = close): string =>
  format.closed(12, format.handshake(fields), end);
const refused = (format: AccessLineFormat, fields = handshake): string =>
  format.refused(format.handshake(fields), refusal);

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

const LONG = 'x'.repeat(10_000);
const CUT = `${'x'.repeat(192)}…`;

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
    ['/a@b?c@d=e', '/a@b?c@d=***'],
    ['http://me:secret@host/ws?a=1', 'http://***@host/ws?a=***'],
    ['http://me:sec/ret@host/ws', 'http://***@host/ws'],
    ['http://me:sec?ret@host/ws', 'http://***@host/ws'],
    ['//me:secret@host/ws', '//***@host/ws'],
    ['me:secret@host:443', '***@host:443'],
    ['http://host/ws?mail=a@b', 'http://host/ws?mail=***'],
    [`http://me:${LONG}@host/ws`, 'http://***@host/ws'],
    [`me:${LONG}@host:443`, '***@host:443'],
    [`/ws?a=${LONG}`, '/ws?a=***'],
    [`/ws?a=${LONG}&b=2`, '/ws?a=***&b=***'],
    [`/ws?${'x'.repeat(186)}%3Dsecret`, `/ws?${'x'.repeat(186)}%3…`],
    [`/${LONG}`, `/${CUT.slice(1)}`],
  ])('%s is %s', (path, expected) => {
    expect(redactedPath(path)).toBe(expected);
  });
});

describe('A line for people', () => {
  const format = new TextFormat();

  it.each([
    [
      opened(format),
      'opened  #12    192.0.2.1       h1 TLSv1.3 /ws?room=*** origin=https://a.com subprotocol=chat agent="Mozilla/5.0 (X11)"',
    ],
    [
      closed(format, onlyNecessary),
      'closed  #12    -               h2 -       /ws by=peer code=1000 reason="good bye" 1.234s in=1/11B out=2/14B',
    ],
    [
      refused(format, { ...onlyNecessary, address: '2001:db8::1' }),
      'refused -      2001:db8::1     h2 -       /ws status=403 reason=origin agent="Mozilla/5.0 (X11)"',
    ],
  ])('begins as those of Nest do, and has aligned columns', (line, text) => {
    expect(line).toMatch(new RegExp(`^\\[Nest\\] ${process.pid}  - .+     LOG \\[Access\\] `));
    expect(line.split('[Access] ')[1]).toBe(`${text}\n`);
  });

  it.each(HOSTILE)('escapes %j, wherever a client sends it', (character) => {
    const value = `a${character}b`;
    const hostile = { ...handshake, path: value, origin: value, subprotocol: value };
    expect(opened(format, hostile, value)).toMatch(ONE_PRINTABLE_LINE);
    expect(closed(format, hostile, { ...close, closeReason: value })).toMatch(ONE_PRINTABLE_LINE);
  });

  it('has a value that looks like other fields in quotation marks', () => {
    const line = closed(format, handshake, { ...close, closeReason: 'a" by=server' });
    expect(line).toContain(' reason="a\\" by=server" ');
  });

  it('tells how many lines were dropped', () => {
    expect(format.dropped(1)).toMatch(
      /LOG \[Access\] 1 line of the access log dropped, because stdout did not keep up\n$/,
    );
    expect(format.dropped(2)).toContain(' 2 lines of the access log dropped,');
  });
});

describe('A line of JSON', () => {
  const format = new JsonFormat();

  it.each<[event: string, line: string, fields: object]>([
    ['opened', opened(format), { id: 12, ...handshake, userAgent }],
    ['opened', format.opened(12, format.handshake(onlyNecessary), undefined), { id: 12, ...onlyNecessary }],
    ['closed', closed(format), { id: 12, ...handshake, ...close }],
    ['refused', refused(format), { ...handshake, ...refusal }],
  ])('of a WebSocket that is %s has the fields of a Nest log, and those that have a value', (event, line, fields) => {
    expect(JSON.parse(line)).toEqual({
      level: 'log',
      pid: process.pid,
      timestamp: expect.any(Number),
      message: `WebSocket ${event}`,
      context: 'Access',
      event,
      ...fields,
    });
  });

  it.each([...HOSTILE, '"', '\\', 'é', '"}'])('escapes %j where that is necessary, and keeps it', (character) => {
    const line = closed(format, handshake, { ...close, closeReason: `a${character}b` });
    expect(line).toMatch(ONE_PRINTABLE_LINE);
    expect(JSON.parse(line)).toMatchObject({ closeReason: `a${character}b` });
  });

  it('tells how many lines were dropped', () => {
    expect(JSON.parse(format.dropped(3))).toMatchObject({ level: 'log', event: 'dropped', lines: 3 });
  });
});

it.each<[format: string, format: AccessLineFormat]>([
  ['for people', new TextFormat()],
  ['of JSON', new JsonFormat()],
])('A line %s has at most 4096 bytes, which is what a pipe takes as a whole', (_name, format) => {
  // What takes the most bytes of all that a request can have.
  const longest = bounded('\u0080'.repeat(10_000));
  const hostile: HandshakeFields = {
    ...handshake,
    address: 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%interface-name1',
    path: redactedPath(`/${'\u0080'.repeat(10_000)}`),
    origin: longest,
    subprotocol: bounded(LONG),
  };
  const closeReason = '\0'.repeat(123);
  for (const line of [
    format.opened(Number.MAX_SAFE_INTEGER, format.handshake(hostile), longest),
    format.closed(Number.MAX_SAFE_INTEGER, format.handshake(hostile), { ...close, closeReason }),
    format.refused(format.handshake(hostile), { ...refusal, userAgent: longest }),
  ]) {
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(4096);
  }
});
