import { ConnectError } from '../../../../client/console/src/connection/connect-error.js';
import { explainFailure } from '../../../../client/console/src/connection/explain-failure.js';

describe('A failure to connect', () => {
  const failure = (code: string, message = 'what the system says'): Error =>
    Object.assign(new Error(message), { code });

  it.each([
    ['ECONNREFUSED', 'ws://a.example/', 'the connection was refused', true],
    ['ENOTFOUND', 'ws://a.example/', 'the host name is not known', true],
    ['ETIMEDOUT', 'ws://a.example/', 'the server does not answer', true],
    ['ECONNRESET', 'ws://a.example/', 'Is it wss:// instead of ws://?', true],
    ['ECONNRESET', 'wss://a.example/', 'the connection was cut before there was an answer.', true],
    ['HPE_INVALID_CONSTANT', 'ws://a.example/', 'the answer is not HTTP. Is it wss:// instead of ws://?', false],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'wss://a.example/', '--insecure', false],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'wss://a.example/', '--ca <file>', false],
    ['CERT_HAS_EXPIRED', 'wss://a.example/', 'the certificate has expired', false],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'wss://a.example/', 'Is it ws:// instead of wss://?', false],
    ['EMFILE', 'ws://a.example/', 'ulimit -n', false],
    ['ENFILE', 'ws://a.example/', 'this machine has too many open files', false],
    ['ENOENT', 'ws+unix:/a.sock', 'the Unix socket does not exist. Is the server running?', true],
    ['ECONNREFUSED', 'ws+unix:/a.sock', 'Is the server running?', true],
    ['ANYTHING', 'ws://a.example/', 'what the system says', false],
  ])('with %s at %s is explained', (code, url, explanation, isTransient) => {
    const error = explainFailure(failure(code), new URL(url));

    expect(error.message).toContain(`Cannot connect to ${url}: `);
    expect(error.message).toContain(explanation);
    expect(error.isTransient).toBe(isTransient);
  });

  it.each([
    ['ECONNREFUSED', 'http://a.example/', 'Is the proxy running, and on this port?'],
    ['ECONNRESET', 'http://a.example/', 'Is it https:// instead of http://?'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'https://a.example/', 'Is it http:// instead of https://?'],
    ['ECONNRESET', 'socks5://a.example', 'the connection was cut before there was an answer.'],
  ])('with %s at the proxy %s is explained as a failure of the proxy', (code, url, explanation) => {
    const { message } = explainFailure(failure(code), new URL(url));

    expect(message).toContain(`Cannot connect to the proxy ${url}: `);
    expect(message).toContain(explanation);
  });

  it.each([
    [
      { subjectaltname: 'DNS:b.example, DNS:*.c.example, IP Address:127.0.0.1' },
      'b.example, *.c.example and 127.0.0.1',
    ],
    [{ subject: { CN: 'b.example' } }, 'b.example'],
    [{ subject: {} }, 'no name at all'],
    [
      { subjectaltname: Array.from({ length: 100 }, (_, index) => `DNS:${index}.example`).join(', ') },
      '0.example, 1.example, 2.example, 3.example, 4.example, 5.example, 6.example, 7.example and 92 more',
    ],
  ])('with a certificate for another name lists all its names: %j', (cert, names) => {
    const error = Object.assign(failure('ERR_TLS_CERT_ALTNAME_INVALID'), { host: 'a.example', cert });

    expect(explainFailure(error, new URL('wss://a.example/')).message).toContain(
      `the certificate is not for a.example but for ${names}. --servername <name>`,
    );
  });

  it('of several addresses is explained by the first', () => {
    const error = new AggregateError([failure('ECONNREFUSED'), failure('ENETUNREACH')]);

    expect(explainFailure(error, new URL('ws://a.example/')).message).toContain('the connection was refused');
  });

  it('that is already explained is unchanged', () => {
    const error = new ConnectError('explained', true);

    expect(explainFailure(error, new URL('ws://a.example/'))).toBe(error);
  });
});
