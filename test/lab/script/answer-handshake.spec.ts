import { createLabServer, type LabServer } from '../../../src/lab/lab-server.js';
import {
  endRawClients,
  handshake,
  RawClient,
  requestHead,
  SAMPLE_ACCEPT,
  type Headers,
} from '../../support/raw-client.js';

let lab: LabServer;
beforeAll(async () => {
  lab = await createLabServer();
});
afterEach(endRawClients);
afterAll(() => lab.close());

async function ask(query: string, headers: Headers = {}): Promise<RawClient> {
  return (await RawClient.connect(lab.port)).write(handshake(`/lab?${query.replaceAll(' ', '%20')}`, headers));
}

/** The bytes of the answer up to the end of the connection, as text. */
async function answerTo(query: string, headers: Headers = {}): Promise<string> {
  return (await (await ask(query, headers)).readToEnd()).toString('latin1');
}

/** A valid answer, with these lines changed. */
function accepting(changed: Partial<Record<'Upgrade' | 'Connection' | 'Sec-WebSocket-Accept', string[]>>): string {
  const right = { Upgrade: ['websocket'], Connection: ['Upgrade'], 'Sec-WebSocket-Accept': [SAMPLE_ACCEPT] };
  return requestHead('HTTP/1.1 101 Switching Protocols', { ...right, ...changed });
}

const WRONG_ACCEPT = 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=';

describe('An accepted handshake', () => {
  it.each([
    ['nothing', '', accepting({})],
    ['accept=wrong', 'accept=wrong', accepting({ 'Sec-WebSocket-Accept': [WRONG_ACCEPT] })],
    ['accept=missing', 'accept=missing', accepting({ 'Sec-WebSocket-Accept': [] })],
    ['accept=double', 'accept=double', accepting({ 'Sec-WebSocket-Accept': [SAMPLE_ACCEPT, SAMPLE_ACCEPT] })],
    ['upgrade=wrong', 'upgrade=wrong', accepting({ Upgrade: ['h2c'] })],
    ['upgrade=missing', 'upgrade=missing', accepting({ Upgrade: [] })],
    ['upgrade=double', 'upgrade=double', accepting({ Upgrade: ['websocket', 'websocket'] })],
    ['connection=wrong', 'connection=wrong', accepting({ Connection: ['close'] })],
    ['connection=missing', 'connection=missing', accepting({ Connection: [] })],
    ['connection=double', 'connection=double', accepting({ Connection: ['Upgrade', 'Upgrade'] })],
  ])('with %s has exactly these bytes', async (_, query, expected) => {
    expect(await answerTo(`${query}&end=0`)).toBe(expected);
  });

  it.each<[query: string, offered: string | undefined, lines: string[]]>([
    ['subprotocol=other', 'chat', ['other']],
    ['subprotocol=CHAT', 'chat', ['CHAT']],
    ['subprotocol=chat&subprotocol=super', 'chat, super', ['chat', 'super']],
    ['subprotocol=chat,super', 'chat, super', ['chat,super']],
    ['subprotocol=', 'chat', []],
    ['', 'chat, super', ['chat']],
    ['', undefined, []],
  ])('with ?%s answers the subprotocols %s with %j', async (query, offered, lines) => {
    const answer = await answerTo(`${query}&end=0`, { 'Sec-WebSocket-Protocol': offered });

    expect(answer.match(/(?<=Sec-WebSocket-Protocol: ).*/g) ?? []).toEqual(lines);
  });

  it.each([
    ['extensions=unknown-extension', 'Sec-WebSocket-Extensions: unknown-extension'],
    [
      'extensions=permessage-deflate; server_max_window_bits=99',
      'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99',
    ],
    ['extensions=a&extensions=b', 'Sec-WebSocket-Extensions: a\r\nSec-WebSocket-Extensions: b'],
    ['cookie=a=1&cookie=b=2', 'Set-Cookie: a=1; Path=/lab; Max-Age=300; HttpOnly; SameSite=Lax\r\nSet-Cookie: b=2; '],
    ['header=X-Lab-A: b c', 'X-Lab-A: b c'],
    ['header-size=70000', `X-Padding: ${'x'.repeat(70_000)}`],
    ['obs-fold=true', 'X-Folded: the first line\r\n and the second'],
  ])('with ?%s has these headers', async (query, headers) => {
    expect(await answerTo(`${query}&end=0`)).toContain(`\r\n${headers}`);
  });

  it('may follow an informational response', async () => {
    expect(await answerTo('informational=103&end=0')).toBe(`HTTP/1.1 103 Early Hints\r\n\r\n${accepting({})}`);
  });

  it('is sent after handshake-delay', async () => {
    expect(await answerTo('handshake-delay=20ms&end=0')).toBe(accepting({}));
  });

  it('is never sent with handshake-delay=never', async () => {
    expect(await answerTo('handshake-delay=never&end=20ms')).toBe('');
  });
});

describe('A refused handshake', () => {
  it.each([
    [400, 'Bad Request'],
    [503, 'Service Unavailable'],
    [200, 'OK'],
    [204, 'No Content'],
    [999, 'Unknown'],
  ])('has the status %i, and nothing that a browser would run', async (status, reason) => {
    expect(await answerTo(`status=${status}`)).toBe(
      requestHead(`HTTP/1.1 ${status} ${reason}`, {
        'Content-Type': 'text/plain; charset=utf-8',
        'X-Content-Type-Options': 'nosniff',
        'Content-Security-Policy': "default-src 'none'; sandbox",
        'Content-Length': '0',
        Connection: 'close',
      }),
    );
  });

  it('is a head alone with an informational status', async () => {
    expect(await answerTo('status=103')).toMatch(/^HTTP\/1\.1 103 Early Hints\r\n[^]*\r\n\r\n$/);
  });

  it('has the headers and the body of the query', async () => {
    const answer = await answerTo(
      'status=401&body=<b>%C3%A4&retry-after=7&location=/ws&www-authenticate=Basic realm="a"',
    );

    for (const line of [
      'Retry-After: 7',
      'Location: /ws',
      'WWW-Authenticate: Basic realm="a"',
      'Content-Length: 5',
      'Content-Type: text/plain; charset=utf-8',
    ]) {
      expect(answer).toContain(`\r\n${line}\r\n`);
    }
    expect(Buffer.from(answer, 'latin1').toString().split('\r\n\r\n')[1]).toBe('<b>ä');
  });

  it.each([
    ['no Authorization', '', undefined, '401'],
    ['other credentials', '&credentials=user:secret', 'user:wrong', '401'],
    ['the credentials', '&credentials=user:secret', 'user:secret', '101'],
    ['any credentials where none are given', '', 'a:b', '101'],
  ])('is a challenge: %s', async (_, query, credentials, status) => {
    const Authorization = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`;
    const client = await ask(`status=401&www-authenticate=Basic${query}`, { Authorization });

    expect((await client.readResponse()).status).toBe(Number(status));
  });
});

describe('The bytes of an answer', () => {
  const whole = accepting({});

  it.each([0, 1, 40])('end after %i of them with handshake-cut', async (length) => {
    expect(await answerTo(`handshake-cut=${length}`)).toBe(whole.slice(0, length));
  });

  it('come in two packets with handshake-split', async () => {
    const client = await ask('handshake-split=40&end=0');
    const packets: string[] = [];
    client.socket.on('data', (packet: Buffer) => packets.push(packet.toString()));
    await new Promise((resolve) => client.socket.once('end', resolve));

    expect(packets).toEqual([whole.slice(0, 40), whole.slice(40)]);
  });

  it('drip with handshake-rate', async () => {
    const client = await ask('handshake-rate=2KiB&end=0');
    let packets = 0;
    client.socket.on('data', () => packets++);
    const bytes = await client.readToEnd();

    expect(bytes.toString()).toBe(whole);
    expect(packets).toBeGreaterThan(1);
  });

  it('are refused without waiting for a frame with coalesce', async () => {
    const answer = await answerTo('coalesce=true&frame=8100&status=401&www-authenticate=Basic');
    expect(answer).toContain('HTTP/1.1 401 Unauthorized\r\n');
  });

  it('share their packet with the first frame with coalesce', async () => {
    const client = await ask('coalesce=true&frame=810161');
    const packet = await new Promise<Buffer>((resolve) => client.socket.once('data', resolve));

    expect(packet.toString('latin1').split('\r\n\r\n')[1]).toBe('\x81\x01a');
  });

  it('are followed by garbage', async () => {
    expect(await answerTo('frame=ffffff&end=100ms')).toBe(`${whole}\xff\xff\xff`);
  });
});

describe('A request that is not a handshake', () => {
  it.each([
    ['another protocol', { Upgrade: 'h2c' }, 'Upgrade is "h2c"; accepted: websocket'],
    ['no key', { 'Sec-WebSocket-Key': undefined }, 'Sec-WebSocket-Key is missing'],
  ])('is refused: %s', async (_, headers, message) => {
    expect(await answerTo('', headers)).toMatch(new RegExp(`^HTTP/1.1 400 [^]*\r\n\r\n${message}$`));
  });
});
