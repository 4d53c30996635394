import type { INestApplication } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import { refusalOfAuthority, refusalOfHost } from '../handshake/host.js';
import { bodyOf, type Refusal } from '../handshake/refusal.js';

/** What is used of Fastify here. */
interface Fastify {
  addHook(
    name: 'onRequest',
    hook: (request: { readonly raw: IncomingMessage }, reply: Reply) => Promise<unknown>,
  ): void;
}

interface Reply {
  code(status: number): this;
  send(body: object): this;
}

/**
 * Answers requests whose Host is malformed or sent twice with 400, as RFC 9112 section 3.2 has it, and those with a
 * malformed `:authority` of HTTP/2. Handshakes are refused before they get here.
 */
export function refuseMalformedHosts(app: INestApplication): void {
  const adapter = app.getHttpAdapter() as AbstractHttpAdapter;
  if (adapter.getType() === 'fastify') {
    adapter.getInstance<Fastify>().addHook('onRequest', async ({ raw }, reply) => {
      const refusal = hostRefusal(raw);
      return refusal === undefined ? undefined : reply.code(refusal.status).send(bodyOf(refusal));
    });
  } else {
    adapter.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
      const refusal = hostRefusal(request);
      if (refusal === undefined) {
        next();
      } else {
        const body = JSON.stringify(bodyOf(refusal));
        response.writeHead(refusal.status, {
          'Content-Type': 'application/json; charset=utf-8',
          'Content-Length': Buffer.byteLength(body),
        });
        response.end(body);
      }
    });
  }
}

function hostRefusal(request: IncomingMessage | Http2ServerRequest): Refusal | undefined {
  return 'authority' in request ? refusalOfAuthority(request.authority) : refusalOfHost(request);
}
