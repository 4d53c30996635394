import { unwatchFile, watchFile } from 'node:fs';
import type { CertificateFiles } from './certificate.js';

/** How often the files are looked at, in ms. */
const INTERVAL = 1000;

/**
 * Calls `onChange` when a file of a certificate changes, and on SIGHUP, which is how certbot's hooks and administrators
 * say that it has.
 *
 * The files are looked at again and again because nothing else finds every way in which they change: in place, by a
 * rename, or by a link that leads elsewhere, as Kubernetes and certbot do it.
 *
 * @returns a function that ends the watch
 */
export function watchCertificate({ cert, key }: CertificateFiles, onChange: () => void): () => void {
  const files = [cert, key];
  files.forEach((file) => watchFile(file, { interval: INTERVAL, persistent: false }, onChange));
  process.on('SIGHUP', onChange);
  return () => {
    files.forEach((file) => unwatchFile(file, onChange));
    process.off('SIGHUP', onChange);
  };
}
