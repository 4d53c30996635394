import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { CertificateFiles } from '../../src/listening/certificate.js';
import { developmentCertificate } from '../../src/listening/development-certificate.js';
import { startApp, type RunningApp } from './start-app.js';

const folders: string[] = [];

/** A folder of its own, which `removeFolders` removes. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nest-ws-echo-'));
  folders.push(folder);
  return folder;
}

/** Removes what tests made; for `afterAll`. */
export async function removeFolders(): Promise<void> {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true })));
}

/** A certificate for localhost and 127.0.0.1 that is no other's, in files. */
export async function makeCertificateFiles(): Promise<CertificateFiles> {
  const folder = await makeFolder();
  await developmentCertificate(folder);
  const path = (name: string): string => join(folder, 'nest-ws-echo', name);
  return { cert: path('localhost.crt'), key: path('localhost.key') };
}

/** The application, over https. */
export interface HttpsApp extends RunningApp {
  /** What a client has to trust. */
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
