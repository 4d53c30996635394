import { generateKeyPairSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CertificateError, readCertificate } from '../../src/listening/certificate.js';
import { makeCertificateFiles } from '../support/certificate.js';
import { makeFolder } from '../support/folder.js';

/** Writes a new file, and returns its path. */
async function fileWith(content: string): Promise<string> {
  const path = join(makeFolder(), 'file.pem');
  await writeFile(path, content);
  return path;
}

const rsaKey = (cipher?: { cipher: string; passphrase: string }): string =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', ...cipher },
  }).privateKey;

describe('A certificate and its key', () => {
  it('are read from their files', async () => {
    const files = await makeCertificateFiles();

    const { cert, key } = await readCertificate(files);

    expect([cert, key]).toEqual([await readFile(files.cert, 'utf8'), await readFile(files.key, 'utf8')]);
  });

  it.each<[string, 'TLS_CERT' | 'TLS_KEY', () => string | Promise<string>, string]>([
    ['a missing certificate file', 'TLS_CERT', () => join(makeFolder(), 'no'), 'the file does not exist'],
    ['a missing key file', 'TLS_KEY', () => join(makeFolder(), 'no'), 'the file does not exist'],
    ['a folder as the certificate', 'TLS_CERT', makeFolder, 'that is a folder'],
    ['an empty certificate', 'TLS_CERT', () => fileWith(''), 'which is not a certificate in PEM format'],
    ['an invalid certificate', 'TLS_CERT', () => fileWith('hello'), 'which is not a certificate in PEM format'],
    ['a key in place of the certificate', 'TLS_CERT', () => fileWith(rsaKey()), 'which is not a certificate in PEM'],
    ['an invalid key', 'TLS_KEY', () => fileWith('hello'), 'which is not a private key in PEM format'],
    [
      'a key with a password',
      'TLS_KEY',
      () => fileWith(rsaKey({ cipher: 'aes-256-cbc', passphrase: 'secret' })),
      'which is not a private key in PEM format without a password',
    ],
    ['a key of another type', 'TLS_KEY', () => fileWith(rsaKey()), 'which is not the key of the certificate'],
    ['the key of another certificate', 'TLS_KEY', async () => (await makeCertificateFiles()).key, 'is not the key of'],
  ])('are rejected with %s: the error names the variable and the file', async (_what, variable, makeFile, reason) => {
    const files = await makeCertificateFiles();
    const path = await makeFile();

    const reading = readCertificate({ ...files, [variable === 'TLS_CERT' ? 'cert' : 'key']: path });

    await expect(reading).rejects.toBeInstanceOf(CertificateError);
    await expect(reading).rejects.toThrow(`${variable} is "${path}"`);
    await expect(reading).rejects.toThrow(reason);
  });
});
