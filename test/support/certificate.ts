import { join } from 'node:path';
import { readCertificate, type Certificate, type CertificateFiles } from '../../src/listening/certificate.js';
import { developmentCertificate } from '../../src/listening/development-certificate.js';
import { makeFolder } from './folder.js';

/** Makes a new certificate for localhost and 127.0.0.1, in files. */
export async function makeCertificateFiles(): Promise<CertificateFiles> {
  const folder = makeFolder();
  await developmentCertificate(folder);
  const path = (name: string): string => join(folder, 'nest-ws-echo', name);
  return { cert: path('localhost.crt'), key: path('localhost.key') };
}

/** Makes a new certificate for localhost and 127.0.0.1, in PEM format. */
export async function makeCertificate(): Promise<Certificate> {
  return readCertificate(await makeCertificateFiles());
}
