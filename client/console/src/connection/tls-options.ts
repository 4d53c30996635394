import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { UsageError, type ConnectArguments } from '../command-line.js';

/** The variable for the passphrase, which keeps it out of the process list and the shell's history. */
export const PASSPHRASE_VARIABLE = 'NEST_WS_ECHO_PASSPHRASE';

/** The options of TLS. */
export interface TlsOptions extends Pick<SecureContextOptions, 'ca' | 'cert' | 'key' | 'passphrase'> {
  /** Whether the certificate of the server has to be valid. */
  readonly rejectUnauthorized: boolean;
  /** The name for SNI (RFC 6066) and for the check of the certificate. Default: the host of the server. */
  readonly servername?: string;
}

/**
 * Reads the files of --ca, --cert and --key.
 *
 * @throws UsageError that names the option and the file that cannot be used
 */
export function readTlsOptions(commandLine: ConnectArguments, environment: NodeJS.ProcessEnv): TlsOptions {
  const { insecure, ca, cert, key, servername } = commandLine;
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError('--cert and --key belong together: the client certificate and its private key.');
  }
  if (commandLine.passphrase !== undefined && key === undefined) {
    throw new UsageError('--passphrase belongs to --key, which is missing.');
  }
  if (needsPassphrase(commandLine, environment)) {
    throw new UsageError(
      `--key is "${key}", which needs a passphrase. Accepted: --passphrase, or ${PASSPHRASE_VARIABLE} in the environment.`,
    );
  }
  const passphrase = commandLine.passphrase ?? environment[PASSPHRASE_VARIABLE];
  const files = { ca: read('--ca', ca), cert: read('--cert', cert), key: read('--key', key) };
  check(() => files.ca && new X509Certificate(files.ca), `--ca is "${ca}", which holds no certificate in PEM`);
  check(() => files.cert && new X509Certificate(files.cert), `--cert is "${cert}", which holds no certificate in PEM`);
  check(
    () => files.key && createPrivateKey({ key: files.key, passphrase }),
    files.key && isEncrypted(files.key)
      ? `--key is "${key}", which has another passphrase`
      : `--key is "${key}", which holds no private key in PEM`,
  );
  check(
    () => createSecureContext({ ...files, passphrase }),
    `--key is "${key}", which does not belong to --cert "${cert}"`,
  );
  return { ...files, passphrase, servername, rejectUnauthorized: !insecure };
}

/**
 * Whether the key has a passphrase that is missing in the command line and in the environment.
 *
 * @throws UsageError if the key cannot be read
 */
export function needsPassphrase({ key, passphrase }: ConnectArguments, environment: NodeJS.ProcessEnv): boolean {
  const pem = read('--key', key);
  return pem !== undefined && isEncrypted(pem) && (passphrase ?? environment[PASSPHRASE_VARIABLE]) === undefined;
}

/** Whether a key is encrypted: by the label of PKCS #8, or by the header of RFC 1421. */
function isEncrypted(pem: Buffer): boolean {
  return /^-----BEGIN ENCRYPTED |^Proc-Type: 4,ENCRYPTED/m.test(pem.toString('latin1'));
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
