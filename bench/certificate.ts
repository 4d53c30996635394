import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { developmentCertificate } from '../src/tls/development-certificate.js';

/** Where a certificate and its key are: PEM files. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

let files: Promise<CertificateFiles> | undefined;

/** The certificate of all servers: made when it is first wanted, and gone with this process. */
export function certificateFiles(): Promise<CertificateFiles> {
  return (files ??= makeCertificate());
}

async function makeCertificate(): Promise<CertificateFiles> {
  const folder = mkdtempSync(join(tmpdir(), 'nest-ws-echo-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const { path } = await developmentCertificate(folder);
  if (path === undefined) {
    throw new Error(`No certificate can be written to ${folder}.`);
  }
  return { cert: path, key: join(dirname(path), 'localhost.key') };
}
