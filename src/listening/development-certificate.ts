import { webcrypto, X509Certificate } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { CertificateError, readCertificate, type Certificate, type CertificateFiles } from './certificate.js';

const DAY = 24 * 60 * 60 * 1000;
/** Browsers refuse a certificate that is valid for more than 398 days. */
const VALID_FOR = 365 * DAY;
/** A certificate that expires in less than this is replaced. */
const RENEW_BEFORE = 30 * DAY;

/** A self-signed certificate for localhost. */
export interface DevelopmentCertificate extends Certificate {
  /** The file of the certificate; undefined if it could not be written, so that it lasts as long as the process. */
  readonly path: string | undefined;
}

/**
 * The self-signed certificate for localhost, 127.0.0.1 and ::1. It is made once and kept, so that a user has to trust it
 * only once, and it is replaced a month before it expires.
 *
 * @param cacheHome the value of XDG_CACHE_HOME; `~/.cache` if that is not an absolute path
 */
export async function developmentCertificate(cacheHome: string | undefined): Promise<DevelopmentCertificate> {
  const isValid = cacheHome !== undefined && isAbsolute(cacheHome); // the XDG specification says to ignore others
  const folder = join(isValid ? cacheHome : join(homedir(), '.cache'), 'nest-ws-echo');
  const files = { cert: join(folder, 'localhost.crt'), key: join(folder, 'localhost.key') };
  const kept = await readKept(files);
  if (kept !== undefined) {
    return { ...kept, path: files.cert };
  }
  const made = await makeCertificate();
  return { ...made, path: (await keep(folder, files, made)) ? files.cert : undefined };
}

async function readKept(files: CertificateFiles): Promise<Certificate | undefined> {
  try {
    const kept = await readCertificate(files);
    const validTo = Date.parse(new X509Certificate(kept.cert).validTo);
    return validTo - Date.now() > RENEW_BEFORE ? kept : undefined;
  } catch (error) {
    if (error instanceof CertificateError) {
      return undefined; // missing or unusable
    }
    throw error;
  }
}

async function keep(folder: string, files: CertificateFiles, { cert, key }: Certificate): Promise<boolean> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await replace(files.key, key);
    await replace(files.cert, cert);
    return true;
  } catch {
    return false; // the server starts on a read-only file system, too
  }
}

/** Writes a file that only this user may read. Readers see the old content or the new, never a part of it. */
async function replace(path: string, content: string): Promise<void> {
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, content, { mode: 0o600 });
  await rename(temporary, path);
}

async function makeCertificate(): Promise<Certificate> {
  // Loaded on demand, which is once a year.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const notBefore = new Date();
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=localhost, O=nest-ws-echo development certificate',
    notBefore,
    notAfter: new Date(notBefore.getTime() + VALID_FOR),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      // Not a certificate authority: a client that trusts this certificate trusts only this server.
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'dns', value: 'localhost' },
        { type: 'ip', value: '127.0.0.1' },
        { type: 'ip', value: '::1' },
      ]),
    ],
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return {
    cert: `${cert.toString('pem')}\n`,
    key: `-----BEGIN PRIVATE KEY-----\n${key.replace(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`,
  };
}

/** The command with which browsers trust a self-signed certificate, for each system. */
const trustCommands: Partial<Record<NodeJS.Platform, (path: string) => string>> = {
  darwin: (path) => `security add-trusted-cert -p ssl -k ~/Library/Keychains/login.keychain-db "${path}"`,
  linux: (path) => `certutil -d sql:$HOME/.pki/nssdb -A -t P,, -n nest-ws-echo -i "${path}"`,
  win32: (path) => `certutil -user -addstore Root "${path}"`,
};

/** Says how browsers and other clients are made to trust the certificate in a file. */
export function howToTrust(path: string, platform: NodeJS.Platform = process.platform): string {
  const command = trustCommands[platform]?.(path);
  const browser = command === undefined ? '' : `Browsers trust it after: ${command}; `;
  return `${browser}Node.js with NODE_EXTRA_CA_CERTS="${path}", curl with --cacert "${path}".`;
}
