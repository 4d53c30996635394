import 'reflect-metadata';
import { isatty } from 'node:tty';
import { ConsoleLogger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import type { Configuration } from './config/configuration.js';
import { answerFromMemory } from './listening/file-responses.js';
import { believeTrustedProxies } from './listening/forwarded-requests.js';
import { endStalledConnections, REQUEST_TIMEOUT } from './listening/stalled-clients.js';
import { serveOpenApi } from './openapi/serve-open-api.js';
import { useWebSockets } from 'nest-raw-websockets';

/**
 * Creates the application as it runs in production; `listen` starts it. The process is left alone: signals are the
 * caller's.
 *
 * @throws what a module throws when it is registered or created
 */
export async function createApp(configuration: Configuration): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.register(configuration),
    // As ASP.NET Core routes: /ws is also /WS and /ws/.
    new FastifyAdapter({
      // On a slow and busy machine plugins, such as the page's files, take longer than the ten seconds of the default.
      pluginTimeout: 60_000,
      requestTimeout: REQUEST_TIMEOUT,
      routerOptions: { caseSensitive: false, ignoreTrailingSlash: true },
    }),
    { abortOnError: false, bodyParser: false, logger: createLogger(configuration) },
  );
  leaveBodiesUnread(app);
  answerFromMemory(app);
  endStalledConnections(app.getHttpServer());
  useWebSockets(app);
  believeTrustedProxies(app);
  serveOpenApi(app);
  return app;
}

/** No route here takes a body: a request with one of whatever type gets the answer of its route. Node.js discards the body. */
function leaveBodiesUnread(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', (_request, _body, done) => done(null));
}

function createLogger({ logLevel, logFormat }: Configuration): ConsoleLogger {
  return new ConsoleLogger({
    logLevels: logLevel === 'off' ? [] : [logLevel],
    json: logFormat === 'json',
    // Nest colours what goes into files and pipes too.
    colors: logFormat === 'text' && isatty(1) && process.stdout.hasColors(),
  });
}
