import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { createOpenApiDocument } from './open-api-document.js';
import { SWAGGER_HEADERS, SWAGGER_PAGE, SWAGGER_START } from './swagger-page.js';

const require = createRequire(import.meta.url);

/** The folder of Swagger UI, in the version that @nestjs/swagger depends on. */
const swaggerUi = dirname(createRequire(require.resolve('@nestjs/swagger')).resolve('swagger-ui-dist/package.json'));

/** The files that the page loads. */
const served = new Set(['/swagger-ui.css', '/swagger-ui-bundle.js']);

/** Serves the OpenAPI document at `/swagger-json`, and Swagger UI at `/swagger`. Call it before the application listens. */
export function serveOpenApi(app: NestFastifyApplication): void {
  let document: OpenAPIObject | undefined;
  app
    .getHttpAdapter()
    .getInstance()
    .register(async (fastify) => {
      fastify.addHook('onSend', async (_request, reply) => {
        reply.headers(SWAGGER_HEADERS);
      });
      fastify.get('/swagger-json', async () => (document ??= createOpenApiDocument(app)));
      fastify.get('/swagger', (_request, reply) => reply.type('text/html').send(SWAGGER_PAGE));
      fastify.get('/swagger/start.js', (_request, reply) => reply.type('text/javascript').send(SWAGGER_START));
      await fastify.register(fastifyStatic, {
        root: swaggerUi,
        prefix: '/swagger/',
        decorateReply: false, // serve-static has decorated it
        index: false,
        cacheControl: false,
        acceptRanges: false,
        allowedPath: (path) => served.has(path),
      });
    });
}
