import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { readConfiguration } from '../../src/config/read-configuration.js';
import { createApp } from '../../src/create-app.js';
import { listen } from '../../src/listening/listen.js';

/** The application, listening on a free port of 127.0.0.1 unless URLS says otherwise. */
export interface RunningApp {
  app: NestFastifyApplication;
  /** All addresses. */
  urls: readonly string[];
  /** The first address: `http://127.0.0.1:PORT`. */
  url: string;
  /** `ws://127.0.0.1:PORT/ws` */
  webSocketUrl: string;
  /** Closes the application as a signal does. */
  close: () => Promise<void>;
}

const apps = new Set<NestFastifyApplication>();

/**
 * Starts the application as main does, with these variables alone. It logs nothing without LOG_LEVEL.
 *
 * @param prepare is called before the application listens
 */
export async function startApp(
  environment: Record<string, string> = {},
  prepare?: (app: NestFastifyApplication) => void,
): Promise<RunningApp> {
  const configuration = readConfiguration({ LOG_LEVEL: 'off', URLS: 'http://127.0.0.1:0', ...environment });
  const app = await createApp(configuration);
  apps.add(app);
  prepare?.(app);
  const urls = await listen(app, configuration.listenOn);
  const [url = ''] = urls;
  return { app, urls, url, webSocketUrl: `${url.replace('http', 'ws')}/ws`, close: () => app.close() };
}

/** Closes every application; for `afterEach` or `afterAll`. */
export async function closeApps(): Promise<void> {
  await Promise.all(Array.from(apps, (app) => app.close()));
  apps.clear();
}
