import { createRequire } from 'node:module';
import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { describeHandshakes, root, WEB_SOCKETS } from './web-socket-operations.js';

// By the package's name, because this file runs from a folder of the build.
const { version } = createRequire(import.meta.url)('nest-ws-echo/package.json') as { version: string };

/** Describes the endpoints: the operations of the controllers, and the responses that all handshakes share. */
export function createOpenApiDocument(app: INestApplication): OpenAPIObject {
  const description = new DocumentBuilder()
    .setTitle('nest-ws-echo')
    .setDescription('Endpoints for tests of WebSocket clients, proxies and networks.')
    .setVersion(version)
    .addTag(
      WEB_SOCKETS,
      'A handshake is a GET request with `Connection: Upgrade`, `Upgrade: websocket`, `Sec-WebSocket-Version: 13` and a ' +
        '`Sec-WebSocket-Key` (RFC 6455). Over HTTP/2 it is an extended CONNECT (RFC 8441), and 200 stands for 101. ' +
        'A refusal is JSON with `statusCode`, `error`, and a `message` that says why.',
    )
    .build();
  const document = SwaggerModule.createDocument(app, description);
  document.paths = { '/': root, ...document.paths };
  describeHandshakes(document);
  return document;
}
