import { explainFailure, type Probe } from '../../../../client/page/connection/failure.js';

const HTTP_PAGE = { protocol: 'http:', host: 'localhost:5000' };
const OWN = 'ws://localhost:5000/ws';
const FOREIGN = 'wss://example.com/ws';

/** The response of a server to an ordinary request, as a page sees it. */
function answer(status: number, body = '', type = 'basic'): Probe {
  return () => Promise.resolve({ status, type, text: () => Promise.resolve(body) });
}

const unreachable: Probe = () => Promise.reject(new TypeError('Failed to fetch'));
const opaque: Probe = (_url, { mode }) =>
  mode === 'cors'
    ? Promise.reject(new TypeError('CORS'))
    : Promise.resolve({ status: 0, type: 'opaque', text: () => Promise.resolve('') });
const silent: Probe = () => Promise.reject(Object.assign(new Error('late'), { name: 'TimeoutError' }));

describe('The explanation of a failure', () => {
  it('asks without the credentials of the URL, which `fetch` rejects', async () => {
    const asked: string[] = [];
    await explainFailure('ws://user:secret@example.com/ws', HTTP_PAGE, (url) => {
      asked.push(url);
      return answer(404)(url, {} as never);
    });

    expect(asked).toEqual(['http://example.com/ws']);
  });

  it.each<[string, string, Probe, string]>([
    ['a path without an endpoint', OWN, answer(404), 'The server answers 404: it has no endpoint at /ws.'],
    ['a refused origin', OWN, answer(403, '{"message":"The origin is refused"}'), 'It says: “The origin is refused”'],
    ['a missing login', OWN, answer(401), 'it requires a login first'],
    ['too many connections', OWN, answer(429), 'too many connections'],
    ['a required upgrade', OWN, answer(426), 'The server answers 426: an upgrade is expected'],
    [
      'a proxy without its server',
      OWN,
      answer(502, '<html>'),
      'A proxy answers 502: the server behind it is not running',
    ],
    ['a server that shuts down', OWN, answer(503), 'it is shutting down or full'],
    [
      'a header that a proxy removed',
      OWN,
      answer(400, 'Expected a handshake'),
      'or a proxy removed the Upgrade header',
    ],
    ['the words of a 400', OWN, answer(400, 'Expected a handshake'), 'It says: “Expected a handshake”'],
    ['an ordinary web page', OWN, answer(200, 'hello'), 'Either it has no WebSocket endpoint at /ws'],
    ['another status', OWN, answer(418), 'answers an ordinary request to this address with 418.'],
    ['a redirect', OWN, answer(0, '', 'opaqueredirect'), 'WebSockets do not follow redirects'],
    ['a missing server', OWN, unreachable, 'No server answers at localhost:5000'],
    [
      'a missing server or an untrusted certificate',
      FOREIGN,
      unreachable,
      'Or its certificate is not trusted: open https://example.com',
    ],
    ['another server that hides its response', FOREIGN, opaque, 'A web server answers at example.com'],
    ['a firewall', FOREIGN, silent, 'example.com does not answer within 5 s'],
  ])('names %s', async (_what, url, probe, expected) => {
    await expect(explainFailure(url, HTTP_PAGE, probe)).resolves.toContain(expected);
  });

  it.each([
    ['ws://example.com/', { protocol: 'https:', host: 'x' }, 'mixed content'],
    ['ws://localhost:6000/', HTTP_PAGE, 'Browsers block port 6000'],
  ])('names the browser rule that forbids %s, without a request', async (url, page, expected) => {
    const probe = (): never => {
      throw new Error('A server was asked');
    };
    await expect(explainFailure(url, page, probe)).resolves.toContain(expected);
  });

  it('quotes a long response in part', async () => {
    const text = await explainFailure(OWN, HTTP_PAGE, answer(404, 'x'.repeat(10_000)));

    expect(text.length).toBeLessThan(600);
    expect(text).toMatch(/x…”$/);
  });
});
