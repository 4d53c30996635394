import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { CONFIGURATION, type Configuration } from './config/configuration.js';

/**
 * At shutdown, lets the HTTP requests that are being answered finish, and then ends every HTTP connection. Without it
 * one connection on which no request was sent yet, as browsers open them in advance, keeps the server from closing.
 */
@Injectable()
export class HttpDrain implements OnModuleInit, OnModuleDestroy {
  readonly #responses = new Set<ServerResponse>();
  readonly #sessions = new Set<ServerHttp2Session>();
  #deadline = AbortSignal.abort();

  constructor(
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost<FastifyAdapter>,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
  ) {}

  onModuleInit(): void {
    const fastify = this.adapterHost.httpAdapter.getInstance();
    fastify.server.on('request', (_request, response) => {
      this.#responses.add(response);
      response.once('close', () => this.#responses.delete(response));
    });
    // Of HTTP/2 connections; node:http knows those of HTTP/1.1.
    fastify.server.on('session', (session: ServerHttp2Session) => {
      this.#sessions.add(session);
      session.once('close', () => this.#sessions.delete(session));
    });
    // By then WebSockets have ended, and Fastify answers new requests with 503.
    fastify.addHook('preClose', async () => {
      this.#sessions.forEach((session) => session.close()); // GOAWAY (RFC 9113 section 6.8); answers still go out
      const closed = Array.from(this.#responses, (response) => once(response, 'close', { signal: this.#deadline }));
      await Promise.allSettled(closed);
      fastify.server.closeAllConnections();
      this.#sessions.forEach((session) => session.destroy());
    });
  }

  /** The first step of a shutdown: WebSockets and HTTP requests have the same time to end, not one after the other. */
  onModuleDestroy(): void {
    this.#deadline = AbortSignal.timeout(this.configuration.webSockets.shutdownTimeout);
  }
}
