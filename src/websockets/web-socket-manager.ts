import { createParamDecorator, HttpException, type ExecutionContext } from '@nestjs/common';
import { STATUS_CODES, type OutgoingHttpHeaders } from 'node:http';
import type { Refusal } from './handshake.js';
import type { WebSocketConnection } from './web-socket-connection.js';
import { WebSocketError } from './web-socket-error.js';
import {
  upgradeOf,
  upgradeRefusalOf,
  type FrameworkRequest,
  type WebSocketAcceptOptions,
  type WebSocketUpgrade,
} from './web-socket-upgrade.js';

/** A response of Express or Fastify. */
interface FrameworkResponse {
  header(name: string, value: string): unknown;
  getHeaders(): OutgoingHttpHeaders;
}

/** What ASP.NET Core has as `HttpContext.WebSockets`: tells whether a request is a WebSocket request, and accepts it. */
export class WebSocketManager {
  private constructor(
    private readonly upgrade: WebSocketUpgrade | undefined,
    private readonly response: FrameworkResponse,
  ) {}

  /** @internal Controllers get it by `@WebSockets()`. */
  static of(request: FrameworkRequest, response: FrameworkResponse): WebSocketManager {
    return new WebSocketManager(upgradeOf(request), response);
  }

  /** Whether the request asks for a WebSocket. */
  get isWebSocketRequest(): boolean {
    return this.upgrade !== undefined;
  }

  /** The sub-protocols that the client offers, in its order of preference; what ASP.NET Core calls `WebSocketRequestedProtocols`. */
  get requestedProtocols(): readonly string[] {
    return this.upgrade?.requestedProtocols ?? [];
  }

  /**
   * Completes the handshake. The promise of the controller's method is the life of the connection: it is closed when
   * that is fulfilled, and closed with 1011 when it is rejected. Headers that were set on the response go out with the
   * handshake, cookies for instance.
   *
   * @throws WebSocketError `WS_NOT_A_REQUEST` when the request is no WebSocket request, `WS_ALREADY_ACCEPTED`,
   * `WS_INVALID_OPTION`; `WS_CLOSED_PREMATURELY` when the client has gone in the meantime.
   */
  accept(options?: WebSocketAcceptOptions): WebSocketConnection {
    if (this.upgrade === undefined) {
      throw new WebSocketError('WS_NOT_A_REQUEST', 'Not a WebSocket request. Ask isWebSocketRequest before accept().');
    }
    return this.upgrade.accept(options, this.response.getHeaders());
  }
}

/**
 * Gives a method of a controller the request's WebSockets:
 *
 * ```ts
 * @Get('rooms/:id')
 * async join(@WebSockets() webSockets: WebSocketManager, @Param('id', ParseIntPipe) id: number) {
 *   const webSocket = webSockets.accept();
 *   ...
 * }
 * ```
 *
 * A handshake of a version that is not spoken here never reaches the method: it is told 426, and which version is.
 */
export const WebSockets = createParamDecorator((_data: unknown, context: ExecutionContext) => {
  const http = context.switchToHttp();
  const [request, response] = [http.getRequest<FrameworkRequest>(), http.getResponse<FrameworkResponse>()];
  const refusal = upgradeRefusalOf(request);
  if (refusal !== undefined) {
    throw refusing(response, refusal);
  }
  return WebSocketManager.of(request, response);
});

/** An exception that Nest's filters answer with the refusal. They know of no headers, so those are set here. */
function refusing(response: FrameworkResponse, { status, message, headers }: Refusal): HttpException {
  Object.entries(headers).forEach(([name, value]) => response.header(name, value));
  return new HttpException(HttpException.createBody(message, STATUS_CODES[status] ?? '', status), status);
}
