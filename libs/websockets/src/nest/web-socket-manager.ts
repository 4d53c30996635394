import { createParamDecorator, HttpException, type ExecutionContext } from '@nestjs/common';
import { ServerResponse, STATUS_CODES, type IncomingMessage } from 'node:http';
import type { WebSocketConnection } from '../connection/web-socket-connection.js';
import type { HandshakeResponse } from '../handshake/handshake-response.js';
import type { PendingUpgrade, WebSocketAcceptOptions } from '../handshake/pending-upgrade.js';
import { notAHandshake, SHUTTING_DOWN, type Refusal } from '../handshake/refusal.js';
import type { TakenOverHandshake } from '../handshake/taken-over-handshake.js';

/** A request of Node.js, as frameworks pass it on: Express as it is, Fastify as the `raw` of its own. */
export type FrameworkRequest = IncomingMessage | { readonly raw: IncomingMessage };

/** The request of Node.js itself. Middleware of Express may have given it a `raw` of its own. */
export function nodeRequestOf(request: FrameworkRequest): IncomingMessage {
  return 'httpVersionMajor' in request ? request : request.raw;
}

const upgrades = new WeakMap<object, PendingUpgrade>();
const refusals = new WeakMap<object, Refusal>();

/** Notes that a request is a WebSocket request, for the handlers that get it. */
export function setUpgrade(request: object, upgrade: PendingUpgrade): void {
  upgrades.set(request, upgrade);
}

/** The upgrade that a request asks for; undefined when it is not a WebSocket request. */
export function upgradeOf(request: FrameworkRequest): PendingUpgrade | undefined {
  return upgrades.get(nodeRequestOf(request));
}

/** Notes why a request cannot have the WebSocket that it asks for, for a controller that would accept it. */
export function setUpgradeRefusal(request: object, refusal: Refusal): void {
  refusals.set(request, refusal);
}

/** Why a request cannot have the WebSocket that it asks for; undefined when it asks for none, or can have it. */
export function upgradeRefusalOf(request: FrameworkRequest): Refusal | undefined {
  return refusals.get(nodeRequestOf(request));
}

/** The refusals that exceptions stand for. */
const thrown = new WeakMap<object, Refusal>();

/** The refusal that an exception stands for, if this library has thrown it. */
export function refusalOf(exception: object): Refusal | undefined {
  return thrown.get(exception);
}

/** A response of Express: that of Node.js, with more methods. */
interface ExpressResponse extends ServerResponse {
  header(name: string, value: string): this;
  status(status: number): this;
}

/** A response of Fastify. */
interface FastifyReply {
  readonly raw: HandshakeResponse;
  readonly sent: boolean;
  header(name: string, value: string): this;
  code(status: number): this;
  send(...payload: unknown[]): this;
}

type FrameworkResponse = ExpressResponse | FastifyReply;

/** What ASP.NET Core has as `HttpContext.WebSockets`: tells whether a request is a WebSocket request, and accepts it. */
export class WebSocketManager {
  private constructor(
    private readonly request: FrameworkRequest,
    private readonly response: FrameworkResponse,
    private readonly upgrade = upgradeOf(request),
  ) {}

  /** @internal Controllers get it by `@WebSockets()`. */
  static of(request: FrameworkRequest, response: FrameworkResponse): WebSocketManager {
    return new WebSocketManager(request, response);
  }

  /** Whether the request asks for a WebSocket. */
  get isWebSocketRequest(): boolean {
    return this.upgrade !== undefined;
  }

  /** The subprotocols that the client offers, in its order of preference; what ASP.NET Core calls `WebSocketRequestedProtocols`. */
  get requestedProtocols(): readonly string[] {
    return this.upgrade?.requestedProtocols ?? [];
  }

  /**
   * Completes the handshake. The promise of the controller's method is the life of the connection: it is closed when
   * that is fulfilled, and closed with 1011 when it is rejected.
   *
   * The HTTP exchange ends here, with status 101 (over HTTP/2: 200). The framework and its plugins do what they do when a
   * response is sent: they add headers such as cookies, and they save sessions. That may take time. The connection can be
   * used at once; what is sent waits.
   *
   * @throws HttpException 400 when the request is not a WebSocket request, and 503 while the application shuts down: Nest
   * answers with it
   * @throws WebSocketError `WS_ALREADY_ACCEPTED`, `WS_INVALID_OPTION`; `WS_CLOSED_PREMATURELY` when the client has gone in
   * the meantime.
   */
  accept(options?: WebSocketAcceptOptions): WebSocketConnection {
    return this.upgradeNow().accept(options, (status) => send(this.response, status));
  }

  /**
   * Hands over the stream of the request. The application writes the answer to the handshake and every frame itself: for
   * test servers that break the protocol on purpose, and for proxies. The HTTP exchange ends as with `accept()`, but nothing
   * of it is sent. The method of the controller may return before the stream ends.
   *
   * @throws HttpException 400 when the request is not a WebSocket request, and 503 while the application shuts down
   * @throws WebSocketError `WS_ALREADY_ACCEPTED` after `accept()` or `takeOver()`; `WS_CLOSED_PREMATURELY` when the client
   * has gone in the meantime
   */
  async takeOver(): Promise<TakenOverHandshake> {
    return this.upgradeNow().takeOver((status) => send(this.response, status));
  }

  /** @throws HttpException where nothing can be accepted */
  private upgradeNow(): PendingUpgrade {
    const { request, response, upgrade } = this;
    if (upgrade === undefined) {
      throw refusing(response, notAHandshake(nodeRequestOf(request)));
    }
    if (upgrade.isDraining) {
      upgrade.refusal = SHUTTING_DOWN;
      throw refusing(response, SHUTTING_DOWN);
    }
    return upgrade;
  }
}

/** Has the framework send a response without a body, with its hooks. */
function send(response: FrameworkResponse, status: number): void {
  if (response instanceof ServerResponse) {
    response.status(status).end();
  } else if (response.sent) {
    // The method answers by itself: `reply.hijack()` was called.
    (response.raw as ServerResponse).writeHead(status).end();
  } else {
    const sendOnce = response.send.bind(response);
    // Nest answers once the method is done; Fastify would log that as an answer too many.
    response.send = (...payload) => (response.sent ? response : sendOnce(...payload));
    response.code(status).send();
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
function refusing(response: FrameworkResponse, refusal: Refusal): HttpException {
  const { status, message, headers } = refusal;
  Object.entries(headers).forEach(([name, value]) => response.header(name, value));
  const exception = new HttpException(HttpException.createBody(message, STATUS_CODES[status] ?? '', status), status);
  thrown.set(exception, refusal);
  return exception;
}
