import type { PeerCertificate } from 'node:tls';
import { isSecure, isUnix } from './address.js';
import { ConnectError } from './connect-error.js';

const TRUST = 'Trust its certificate with --ca <file>, or any certificate with --insecure.';

const NO_TLS = 'the PEER does not speak TLS on this port. Is it PLAIN:// instead of SECURE://?';
const UNKNOWN_ISSUER = `the issuer of the certificate is not trusted. ${TRUST}`;

/**
 * Explanations of error codes with advice, in words that fit after "Cannot connect to ws://…: ". PEER stands for
 * the server or the proxy, PLAIN and SECURE for its two schemes.
 */
const EXPLANATIONS: Record<string, string> = {
  ENOTFOUND: 'the host name is not known. Is it spelled correctly?',
  EAI_AGAIN: 'the host name cannot be resolved now. Is there a network?',
  ECONNREFUSED: 'the connection was refused. Is the PEER running, and on this port?',
  ENOENT: 'the Unix socket does not exist. Is the PEER running?',
  ETIMEDOUT: 'the PEER does not answer. A firewall may drop the packets.',
  EHOSTUNREACH: 'the network has no route to the PEER.',
  ENETUNREACH: 'the network has no route to the PEER.',
  EADDRNOTAVAIL: 'this machine cannot open a connection to it.',
  EACCES: 'this user may not open a connection to it.',
  EPERM: 'this user may not open a connection to it.',
  EMFILE: 'this process has too many open files, and each connection is one. `ulimit -n 4096` before it allows more.',
  ENFILE: 'this machine has too many open files, and each connection is one.',

  DEPTH_ZERO_SELF_SIGNED_CERT: `the certificate is self-signed. ${TRUST}`,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_ISSUER,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_ISSUER,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_ISSUER,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_ISSUER,
  CERT_HAS_EXPIRED: 'the certificate has expired. --insecure accepts it.',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet; is the clock right? --insecure accepts it.',
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'the PEER requires a client certificate: --cert and --key.',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'TLS failed. The PEER may require a client certificate: --cert and --key.',
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: 'the PEER does not know this host name. --servername requests another one.',
};

/** Temporary errors: the server starts, or the network comes back. */
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

/** How many names of a certificate are shown. */
const NAMES_SHOWN = 8;

/**
 * The error that explains why the connection to a server or a proxy failed.
 *
 * @param url the address of the server, or of the proxy if its scheme does not begin with `ws`
 * @param place the name of the server or the proxy in the message
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
  // Without the socket of this client below TLS, Node.js reports EPROTO.
  const isPlain = first.code === 'EPROTO' && first.message.includes('wrong version number');
  const known = isPlain ? NO_TLS : EXPLANATIONS[first.code ?? ''];
  const explanation = known === undefined ? explainByKind(first, url) : adapted(known, url);
  const isTransient = PASSING.includes(first.code ?? '') || error instanceof ConnectTimeout;
  return new ConnectError(`Cannot connect to ${place}: ${explanation}`, isTransient, { cause: error });
}

/** The time of --connect-timeout has passed. */
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
    const advice = '--servername <name> expects another name, --insecure accepts any.';
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

/** The names in a certificate: those of subjectAltName, or the common name. */
function namesOf(cert: PeerCertificate | undefined): string {
  const alternatives = cert?.subjectaltname?.split(', ').map((name) => name.replace(/^(DNS|IP Address):/, ''));
  const names = alternatives ?? [cert?.subject?.CN ?? []].flat();
  const more = names.length - NAMES_SHOWN;
  const shown = more > 0 ? [...names.slice(0, NAMES_SHOWN), `${more} more`] : names;
  return shown.length === 0 ? 'no name at all' : shown.join(', ').replace(/, ([^,]*)$/, ' and $1');
}

/** An explanation with the words that fit the address. */
function adapted(explanation: string, url: URL): string {
  const [peer, plain] = isProxy(url) ? ['proxy', 'http'] : ['server', 'ws'];
  const words = isUnix(url) ? explanation.replace(', and on this port', '') : explanation;
  return words.replace('PEER', peer).replace('PLAIN', plain).replace('SECURE', `${plain}s`);
}

function isProxy(url: URL): boolean {
  return !url.protocol.startsWith('ws');
}

/** The first error. A host with several addresses fails with an error for each of them. */
function innermost(error: unknown): Failure {
  const failure = error as Failure;
  return failure.errors?.length ? innermost(failure.errors[0]) : failure;
}
