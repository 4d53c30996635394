import { ConnectError } from '../../../../client/console/connection/connect-error.js';
import { explainFailure } from '../../../../client/console/connection/explain-failure.js';

describe('A failure to connect', () => {
  const failure = (code: string, message = 'what the system says'): Error =>
    Object.assign(new Error(message), { code });

  it.each([
    ['ECONNREFUSED', 'ws://a.example/', 'nobody listens there', true],
    ['ENOTFOUND', 'ws://a.example/', 'the host name is not known', true],
    ['ETIMEDOUT', 'ws://a.example/', 'nobody answers', true],
    ['ECONNRESET', 'ws://a.example/', 'Is it wss:// instead of ws://?', true],
    ['ECONNRESET', 'wss://a.example/', 'the connection was cut before there was an answer.', true],
    ['HPE_INVALID_CONSTANT', 'ws://a.example/', 'the answer is not HTTP. Is it wss:// instead of ws://?', false],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'wss://a.example/', '--insecure', false],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'wss://a.example/', '--ca <file>', false],
    ['CERT_HAS_EXPIRED', 'wss://a.example/', 'the certificate has expired', false],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'wss://a.example/', 'Is it ws:// instead of wss://?', false],
    ['EMFILE', 'ws://a.example/', 'ulimit -n', false],
    ['ENFILE', 'ws://a.example/', 'too many files are open on this machine', false],
    ['ANYTHING', 'ws://a.example/', 'what the system says', false],
  ])('with %s at %s is explained', (code, url, explanation, isPassing) => {
    const error = explainFailure(failure(code), new URL(url));

    expect(error.message).toContain(`Cannot connect to ${url}: `);
    expect(error.message).toContain(explanation);
    expect(error.isPassing).toBe(isPassing);
  });

  it('at each of several addresses is explained by the first of them', () => {
    const error = new AggregateError([failure('ECONNREFUSED'), failure('ENETUNREACH')]);

    expect(explainFailure(error, new URL('ws://a.example/')).message).toContain('nobody listens there');
  });

  it('that is explained already stays as it is', () => {
    const error = new ConnectError('explained', true);

    expect(explainFailure(error, new URL('ws://a.example/'))).toBe(error);
  });
});
