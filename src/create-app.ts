import 'reflect-metadata';
import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import type { Configuration } from './config/configuration.js';
import { answerFromMemory } from './listening/file-responses.js';
import { believeTrustedProxies } from './listening/forwarded-requests.js';
import { endStalledConnections, REQUEST_TIMEOUT } from './listening/stalled-clients.js';
import { createLogger } from './logger.js';
import { serveOpenApi } from './openapi/serve-open-api.js';
import type { WorkerProcess } from './workers/worker.js';
import { useWebSockets } from 'nest-raw-websockets';

/**
 * Creates the application as it runs in production. `listen` starts it. The caller handles the signals of the process.
 *
 * @param worker what it shares with other processes that serve the same addresses
 * @throws the errors of modules that cannot be registered or created
 */
export async function createApp(
  configuration: Configuration,
  logger: LoggerService = createLogger(configuration),
  worker?: WorkerProcess,
): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.register(configuration, worker),
    new FastifyAdapter({
      // On a slow and busy machine plugins, such as the files of the page, take longer than the default of ten seconds.
      pluginTimeout: 60_000,
      requestTimeout: REQUEST_TIMEOUT,
      // As in ASP.NET Core, /WS and /ws/ are the same as /ws.
      routerOptions: { caseSensitive: false, ignoreTrailingSlash: true },
    }),
    { abortOnError: false, bodyParser: false, logger },
  );
  leaveBodiesUnread(app);
  answerFromMemory(app);
  endStalledConnections(app.getHttpServer());
  useWebSockets(app);
  believeTrustedProxies(app);
  serveOpenApi(app);
  return app;
}

/** No route takes a body, so a body of any content type is accepted. Node.js discards it. */
function leaveBodiesUnread(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', (_request, _body, done) => done(null));
}
