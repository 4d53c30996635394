import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { LONGEST_DELAY } from 'nest-ws-echo-client/amounts';
import { CONFIGURATION, type Configuration } from '../config/configuration.js';

/** How long the client of an HTTP/2 connection may take to answer a ping at shutdown, in ms. */
const PING_TIMEOUT = 5000;

/**
 * At shutdown, waits for the responses in progress, and then ends every HTTP connection. Without it, a single connection
 * without a request, such as browsers open in advance, would keep the server from closing.
 */
@Injectable()
export class HttpDrain implements OnModuleInit, OnModuleDestroy {
  /** The responses in progress, by their connection or HTTP/2 stream. */
  private readonly responses = new Map<Socket, Set<ServerResponse>>();
  private readonly sessions = new Set<ServerHttp2Session>();
  /** Resolves when the time for a shutdown is over. */
  private deadline = Promise.resolve();

  constructor(
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost<FastifyAdapter>,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
  ) {}

  onModuleInit(): void {
    const fastify = this.adapterHost.httpAdapter.getInstance();
    fastify.server.on('request', ({ socket }, response) => {
      const responses = this.responses.get(socket) ?? this.watch(socket);
      responses.add(response);
      response.once('close', () => responses.delete(response));
    });
    // HTTP/2 sessions; node:http has the HTTP/1.1 connections.
    fastify.server.on('session', (session: ServerHttp2Session) => {
      this.sessions.add(session);
      session.once('close', () => this.sessions.delete(session));
    });
    // By then the WebSockets have ended, and Fastify answers new requests with 503.
    fastify.addHook('preClose', async () => {
      this.sessions.forEach(endSession);
      await Promise.all(Array.from(this.responses, ([socket, responses]) => this.haveEnded(socket, responses)));
      fastify.server.closeAllConnections();
      this.sessions.forEach((session) => session.destroy());
    });
  }

  /** The connection is watched, too: if it ends, Node.js emits no `close` for a queued response. */
  private watch(socket: Socket): Set<ServerResponse> {
    const responses = new Set<ServerResponse>();
    this.responses.set(socket, responses);
    socket.once('close', () => this.responses.delete(socket));
    return responses;
  }

  /** Waits until these responses or their connection have ended, or until the deadline. */
  private async haveEnded(socket: Socket, responses: ReadonlySet<ServerResponse>): Promise<void> {
    const all = Promise.all(Array.from(responses, (response) => once(response, 'close')));
    await Promise.race([all, once(socket, 'close'), this.deadline]).catch(() => {});
  }

  /** The first step of a shutdown: the same deadline holds for WebSockets and HTTP requests. */
  onModuleDestroy(): void {
    const { drainDelay, drainSpread, shutdownTimeout } = this.configuration.webSockets;
    const time = Math.min(drainDelay + drainSpread + shutdownTimeout, LONGEST_DELAY);
    this.deadline = sleep(time, undefined, { ref: false });
  }
}

/**
 * Sends GOAWAY (RFC 9113 section 6.8); answers still go out. A session whose client does not answer a ping is destroyed:
 * after a connection error Node.js 20 neither ends it nor tells that the client has gone.
 */
function endSession(session: ServerHttp2Session): void {
  // A session that has ended already takes no ping: it throws.
  if (session.destroyed) {
    return;
  }
  const timer = setTimeout(() => session.destroy(), PING_TIMEOUT);
  session.once('close', () => clearTimeout(timer));
  session.ping((error) => {
    if (error === null) {
      clearTimeout(timer);
    }
  });
  session.close();
}
