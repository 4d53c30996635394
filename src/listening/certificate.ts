import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';

/** A certificate with its chain, and its private key, both in PEM format. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** The paths of a certificate and its key. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** A certificate that the server cannot use. The message is written for users: it names the variable and the file. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
}

/** How often the files of a certificate are checked for changes, in ms. */
const WATCH_INTERVAL = 1000;

const reasons: Record<string, string> = {
  ENOENT: 'the file does not exist',
  EACCES: 'this user may not read it',
  EISDIR: 'that is a folder',
};

/**
 * Reads a certificate and its key.
 *
 * @throws CertificateError if a file cannot be read or is not PEM, or if the key belongs to another certificate
 */
export async function readCertificate(files: CertificateFiles): Promise<Certificate> {
  const [cert, key] = await Promise.all([read('TLS_CERT', files.cert), read('TLS_KEY', files.key)]);
  const leaf = parse('TLS_CERT', files.cert, 'a certificate in PEM format', () => new X509Certificate(cert));
  const privateKey = parse('TLS_KEY', files.key, 'a private key in PEM format without a password', () =>
    createPrivateKey(key),
  );
  if (!fits(leaf, privateKey)) {
    throw new CertificateError(
      `TLS_KEY is "${files.key}", which is not the key of the certificate in TLS_CERT, "${files.cert}".`,
    );
  }
  parse('TLS_CERT', files.cert, 'a certificate that TLS can use', () => createSecureContext({ cert, key }));
  return { cert, key };
}

/**
 * Calls `onChange` when a file of a certificate changes, and on SIGHUP, with which certbot's hooks and administrators
 * announce a change.
 *
 * The files are polled, because no file system event reports every kind of change: a write in place, a rename, and a
 * symbolic link that gets another target, as in Kubernetes and certbot.
 *
 * @returns a function that ends the watch
 */
export function watchCertificate({ cert, key }: CertificateFiles, onChange: () => void): () => void {
  const files = [cert, key];
  files.forEach((file) => watchFile(file, { interval: WATCH_INTERVAL, persistent: false }, onChange));
  process.on('SIGHUP', onChange);
  return () => {
    files.forEach((file) => unwatchFile(file, onChange));
    process.off('SIGHUP', onChange);
  };
}

async function read(variable: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new CertificateError(`${variable} is "${path}": ${reasons[code] ?? message}.`, { cause: error });
  }
}

function parse<T>(variable: string, path: string, expected: string, parser: () => T): T {
  try {
    return parser();
  } catch (error) {
    const reason = (error as Error).message;
    throw new CertificateError(`${variable} is "${path}", which is not ${expected} (${reason}).`, { cause: error });
  }
}

function fits(leaf: X509Certificate, key: KeyObject): boolean {
  try {
    return leaf.checkPrivateKey(key);
  } catch {
    return false; // the keys are of different types
  }
}
