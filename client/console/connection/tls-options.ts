import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { UsageError, type ConnectFlags } from '../flags.js';

/** What TLS needs to know beside the server's name. */
export interface TlsOptions extends Pick<SecureContextOptions, 'ca' | 'cert' | 'key'> {
  /** Whether the server's certificate has to be valid. */
  readonly rejectUnauthorized: boolean;
}

/**
 * Reads the files of --ca, --cert and --key.
 *
 * @throws UsageError that names the option and the file that cannot be used
 */
export function readTlsOptions({ insecure, ca, cert, key }: ConnectFlags): TlsOptions {
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError('--cert and --key go together: the certificate of the client, and its private key.');
  }
  const files = { ca: read('--ca', ca), cert: read('--cert', cert), key: read('--key', key) };
  check(() => files.ca && new X509Certificate(files.ca), `--ca is "${ca}", which holds no certificate in PEM`);
  check(() => files.cert && new X509Certificate(files.cert), `--cert is "${cert}", which holds no certificate in PEM`);
  check(
    () => files.key && createPrivateKey(files.key),
    `--key is "${key}", which holds no private key in PEM without a passphrase`,
  );
  check(() => createSecureContext(files), `--key is "${key}", which does not belong to --cert "${cert}"`);
  return { ...files, rejectUnauthorized: !insecure };
}

function read(option: string, path: string | undefined): Buffer | undefined {
  if (path === undefined) {
    return undefined;
  }
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`${option} is "${path}", which cannot be read: ${(error as Error).message}`);
  }
}

function check(use: () => unknown, fault: string): void {
  try {
    use();
  } catch (error) {
    throw new UsageError(`${fault}: ${(error as Error).message}`);
  }
}
