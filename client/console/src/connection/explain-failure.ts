import type { PeerCertificate } from 'node:tls';
import { isSecure, isUnix } from './address.js';
import { ConnectError } from './connect-error.js';

const TRUST = 'Trust its certificate with --ca <file>, or any certificate with --insecure.';

const NO_TLS = 'no TLS is spoken there. Is it PLAIN:// instead of SECURE://?';
const UNKNOWN_ISSUER = `the certificate was issued by somebody who is not known here. ${TRUST}`;

/**
 * What went wrong, in words that fit behind "Cannot connect to ws://…: ", and what to do about it. PEER is the server or
 * the proxy, PLAIN and SECURE are the schemes that it may have.
 */
const EXPLANATIONS: Record<string, string> = {
  ENOTFOUND: 'the host name is not known. Is it spelled right?',
  EAI_AGAIN: 'the host name cannot be looked up now. Is there a network?',
  ECONNREFUSED: 'nobody listens there. Does the PEER run, and on this port?',
  ENOENT: 'there is no such Unix socket. Does the PEER run?',
  ETIMEDOUT: 'nobody answers. A firewall may be in between.',
  EHOSTUNREACH: 'no network leads there.',
  ENETUNREACH: 'no network leads there.',
  EADDRNOTAVAIL: 'this machine cannot open a connection to there.',
  EACCES: 'this user may not open a connection to there.',
  EPERM: 'this user may not open a connection to there.',
  EMFILE: 'this process has too many files open, and each connection is one. `ulimit -n 4096` before it allows more.',
  ENFILE: 'too many files are open on this machine, and each connection is one.',

  DEPTH_ZERO_SELF_SIGNED_CERT: `the certificate is self-signed. ${TRUST}`,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_ISSUER,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_ISSUER,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_ISSUER,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_ISSUER,
  CERT_HAS_EXPIRED: 'the certificate has expired. --insecure connects all the same.',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet; is the clock right? --insecure connects all the same.',
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'the PEER wants a certificate of the client: --cert and --key.',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'TLS failed. The PEER may want a certificate of the client: --cert and --key.',
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: 'the PEER does not know this host name. --servername asks for another one.',
};

/** Those that another attempt may find gone: the server starts, or the network comes back. */
const PASSING = [
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ENOENT',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
];

/** So many names of a certificate are shown. */
const NAMES_SHOWN = 8;

/**
 * The error that says why there is no connection to a server or a proxy.
 *
 * @param url its address; what is not an address of a WebSocket is that of a proxy
 * @param place what to call it
 */
export function explainFailure(
  error: unknown,
  url: URL,
  place = isProxy(url) ? `the proxy ${url.href}` : url.href,
): ConnectError {
  if (error instanceof ConnectError) {
    return error;
  }
  const first = innermost(error);
  // Node.js says EPROTO where the socket below TLS is its own.
  const isPlain = first.code === 'EPROTO' && first.message.includes('wrong version number');
  const known = isPlain ? NO_TLS : EXPLANATIONS[first.code ?? ''];
  const explanation = known === undefined ? explainByKind(first, url) : adapted(known, url);
  const isPassing = PASSING.includes(first.code ?? '') || error instanceof ConnectTimeout;
  return new ConnectError(`Cannot connect to ${place}: ${explanation}`, isPassing, { cause: error });
}

/** The time of --connect-timeout is over. */
export class ConnectTimeout extends Error {
  override readonly name = 'ConnectTimeout';

  /** @param timeout in milliseconds */
  constructor(timeout: number) {
    super(`no answer within ${timeout / 1000} s (--connect-timeout).`);
  }
}

type Failure = NodeJS.ErrnoException & { errors?: unknown[]; host?: string; cert?: PeerCertificate };

function explainByKind({ code = '', message, host, cert }: Failure, url: URL): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const advice = '--servername <name> expects another name, --insecure connects all the same.';
    return `the certificate is not for ${host} but for ${namesOf(cert)}. ${advice}`;
  }
  const hint =
    isSecure(url) || url.protocol.startsWith('socks') ? '' : adapted(' Is it SECURE:// instead of PLAIN://?', url);
  if (code === 'ECONNRESET' || code === 'EPIPE') {
    return `the connection was cut before there was an answer.${hint}`;
  }
  if (code.startsWith('HPE_')) {
    return `the answer is not HTTP.${hint}`;
  }
  return message;
}

/** The names that a certificate is for: those of subjectAltName, else the common name. */
function namesOf(cert: PeerCertificate | undefined): string {
  const alternatives = cert?.subjectaltname?.split(', ').map((name) => name.replace(/^(DNS|IP Address):/, ''));
  const names = alternatives ?? [cert?.subject?.CN ?? []].flat();
  const more = names.length - NAMES_SHOWN;
  const shown = more > 0 ? [...names.slice(0, NAMES_SHOWN), `${more} more`] : names;
  return shown.length === 0 ? 'no name at all' : shown.join(', ').replace(/, ([^,]*)$/, ' and $1');
}

/** An explanation in words that fit the address. */
function adapted(explanation: string, url: URL): string {
  const [peer, plain] = isProxy(url) ? ['proxy', 'http'] : ['server', 'ws'];
  const words = isUnix(url) ? explanation.replace(', and on this port', '') : explanation;
  return words.replace('PEER', peer).replace('PLAIN', plain).replace('SECURE', `${plain}s`);
}

function isProxy(url: URL): boolean {
  return !url.protocol.startsWith('ws');
}

/** A host with several addresses fails with an error for each of them; they mostly say the same. */
function innermost(error: unknown): Failure {
  const failure = error as Failure;
  return failure.errors?.length ? innermost(failure.errors[0]) : failure;
}
