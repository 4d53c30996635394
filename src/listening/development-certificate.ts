import { webcrypto, X509Certificate } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { CertificateError, readCertificate, type Certificate, type CertificateFiles } from './certificate.js';

const DAY = 24 * 60 * 60 * 1000;
/** Browsers take no certificate that is valid for more than 398 days. */
const VALID_FOR = 365 * DAY;
/** It is made anew when less than this is left. */
const RENEW_BEFORE = 30 * DAY;

/** A certificate for this machine alone, which nobody trusts until told to. */
export interface DevelopmentCertificate extends Certificate {
  /** Where it is kept; undefined when it could not be written and lives as long as the process. */
  readonly path: string | undefined;
}

/**
 * The self-signed certificate for localhost, 127.0.0.1 and ::1: made once and kept, so that whoever trusted it need not
 * do so again, and made anew a month before it expires.
 *
 * @param cacheHome what XDG_CACHE_HOME says; where that is no absolute path, `~/.cache`
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
      return undefined; // there is none, or none that can be used
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
    return false; // a file system that cannot be written to is no reason not to start
  }
}

/** Writes a file that nobody else may read, and that nobody ever sees half-written. */
async function replace(path: string, content: string): Promise<void> {
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, content, { mode: 0o600 });
  await rename(temporary, path);
}

async function makeCertificate(): Promise<Certificate> {
  // Loaded when it is needed, which is once a year.
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
      // It signs nothing: who trusts it trusts this server and no other.
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
