import { readFile } from 'node:fs/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { CertificateFiles } from '../../src/listening/certificate.js';
import { makeCertificateFiles } from './certificate.js';
import { startApp, type RunningApp } from './start-app.js';

/** The application, over https. */
export interface HttpsApp extends RunningApp {
  /** The certificate that a client has to trust. */
  readonly ca: string;
}

let shared: Promise<CertificateFiles> | undefined;

/** As `startApp`, listening on a free https port of 127.0.0.1, with HTTP/2, unless URLS and HTTP2 say otherwise. */
export async function startHttpsApp(
  environment: Record<string, string> = {},
  prepare?: (app: NestFastifyApplication) => void,
): Promise<HttpsApp> {
  const { cert, key } = await (shared ??= makeCertificateFiles());
  const variables = { URLS: 'https://127.0.0.1:0', HTTP2: 'true', TLS_CERT: cert, TLS_KEY: key, ...environment };
  const app = await startApp(variables, prepare);
  return { ...app, ca: await readFile(variables.TLS_CERT, 'utf8') };
}
