import { isSecure } from './address.js';
import { ConnectError } from './connect-error.js';

const TRUST = 'Trust its certificate with --ca <file>, or any certificate with --insecure.';

/** What went wrong, in words that fit behind "Cannot connect to ws://…: ", and what to do about it. */
const EXPLANATIONS: Record<string, string> = {
  ENOTFOUND: 'the host name is not known. Is it spelled right?',
  EAI_AGAIN: 'the host name cannot be looked up now. Is there a network?',
  ECONNREFUSED: 'nobody listens there. Does the server run, and on this port?',
  ETIMEDOUT: 'nobody answers. A firewall may be in between.',
  EHOSTUNREACH: 'no network leads there.',
  ENETUNREACH: 'no network leads there.',
  EADDRNOTAVAIL: 'this machine cannot open a connection to there.',
  EACCES: 'this user may not open a connection to there.',
  EPERM: 'this user may not open a connection to there.',
  EMFILE: 'this process has too many files open, and each connection is one. `ulimit -n 4096` before it allows more.',
  ENFILE: 'too many files are open on this machine, and each connection is one.',

  DEPTH_ZERO_SELF_SIGNED_CERT: `the certificate is self-signed. ${TRUST}`,
  SELF_SIGNED_CERT_IN_CHAIN: `the certificate was issued by somebody who is not known here. ${TRUST}`,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: `the certificate was issued by somebody who is not known here. ${TRUST}`,
  UNABLE_TO_GET_ISSUER_CERT: `the certificate was issued by somebody who is not known here. ${TRUST}`,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: `the certificate was issued by somebody who is not known here. ${TRUST}`,
  CERT_HAS_EXPIRED: 'the certificate has expired. --insecure connects all the same.',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet; is the clock right? --insecure connects all the same.',
  ERR_SSL_WRONG_VERSION_NUMBER: 'no TLS is spoken there. Is it ws:// instead of wss://?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'no TLS is spoken there. Is it ws:// instead of wss://?',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'the server wants a certificate of the client: --cert and --key.',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE:
    'TLS failed. The server may want a certificate of the client: --cert and --key.',
};

/** Those that another attempt may find gone: the server starts, or the network comes back. */
const PASSING = [
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
];

/** The error that says why there is no connection to an address. */
export function explainFailure(error: unknown, url: URL): ConnectError {
  if (error instanceof ConnectError) {
    return error;
  }
  const { code, message } = innermost(error);
  const explanation = EXPLANATIONS[code] ?? explainByKind(code, message, url);
  return new ConnectError(`Cannot connect to ${url.href}: ${explanation}`, PASSING.includes(code), { cause: error });
}

function explainByKind(code: string, message: string, url: URL): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `the certificate is for another name. ${message} --insecure connects all the same.`;
  }
  const hint = isSecure(url) ? '' : ' Is it wss:// instead of ws://?';
  if (code === 'ECONNRESET' || code === 'EPIPE') {
    return `the connection was cut before there was an answer.${hint}`;
  }
  if (code.startsWith('HPE_')) {
    return `the answer is not HTTP.${hint}`;
  }
  return message;
}

/** A host with several addresses fails with an error for each of them; they mostly say the same. */
function innermost(error: unknown): { code: string; message: string } {
  const { code = '', message, errors } = error as NodeJS.ErrnoException & { errors?: unknown[] };
  return errors?.length ? innermost(errors[0]) : { code, message };
}
