import type { INestApplication } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import type { WebSocketConnection } from '../connection/web-socket-connection.js';
import { WebSocketError } from '../connection/web-socket-error.js';
import { WebSocketCloseStatus } from '../protocol/close-status.js';
import { gatewayMetadataOf, providersOf, subscribedMethodsOf } from './nest-internals.js';
import { runHandler } from './serve-connection.js';
import type { WsCompatibleClient } from './ws-compatible-client.js';

/**
 * A raw gateway: a class with `@WebSocketGateway` that has this method. It gets each connection as it is.
 *
 * ```ts
 * @WebSocketGateway<WebSocketGatewayOptions>({ path: '/ws', maxMessageSize: 64 * 1024 })
 * class EchoGateway implements RawWebSocketGateway {
 *   async handleWebSocket(webSocket: WebSocketConnection): Promise<void> {
 *     await webSocket.receive((fragment) => webSocket.send(fragment));
 *   }
 * }
 * ```
 */
export interface RawWebSocketGateway {
  /**
   * Serves one connection. Its promise is the life of the connection: when it is fulfilled the connection is closed with
   * 1000, or with the peer's own status where the peer closed first; when it is rejected, with 1011 and one line in the log.
   *
   * @param request the request of the handshake
   */
  handleWebSocket(webSocket: WebSocketConnection, request: IncomingMessage): void | Promise<void>;
}

/** The methods of a gateway that are called. Raw ones have `handleWebSocket`, stock ones `handleConnection`. */
interface GatewayInstance {
  handleWebSocket?: (webSocket: WebSocketConnection, request: IncomingMessage) => unknown;
  handleConnection?: (client: unknown, request: IncomingMessage) => unknown;
  handleDisconnect?: (client: unknown, closed: unknown) => unknown;
}

/** A class with `@WebSocketGateway`. */
export interface Gateway {
  readonly name: string;
  readonly path: string;
  readonly port: number;
  /** The options of `@WebSocketGateway`, the path included. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The module that provides it. */
  readonly module: string;
  readonly instance: GatewayInstance;
  /** Whether Nest calls this one instance, and does not make one per client. */
  readonly isStatic: boolean;
  /** Whether the instance is complete, with its dependencies, and the only one. */
  readonly isSingleton: boolean;
}

/** The gateways of an application. */
export function findGateways(app: INestApplication): Gateway[] {
  return providersOf(app).flatMap((provider) => {
    const { metatype, instance } = provider as { metatype: unknown; instance: unknown };
    const metadata = typeof metatype === 'function' ? gatewayMetadataOf(metatype) : undefined;
    if (metadata === undefined || typeof instance !== 'object' || instance === null) {
      return [];
    }
    return {
      name: (metatype as Function).name,
      path: (metadata.options.path ?? '') as string,
      port: metadata.port,
      options: metadata.options,
      module: provider.host?.name ?? '',
      instance,
      isStatic: provider.isDependencyTreeStatic(),
      isSingleton: provider.isDependencyTreeStatic() && !provider.isTransient,
    };
  });
}

/**
 * Whether a gateway is raw: whether it has `handleWebSocket`. Any other is a stock gateway.
 *
 * @throws WebSocketError `WS_GATEWAY_KIND` when it is both
 */
export function isRaw({ name, instance }: Gateway): boolean {
  if (typeof instance.handleWebSocket !== 'function') {
    return false;
  }
  const stockParts = [
    ...(typeof instance.handleConnection === 'function' ? ['handleConnection'] : []),
    ...subscribedMethodsOf(instance).map((method) => `${method} with @SubscribeMessage`),
  ];
  if (stockParts.length > 0) {
    const message = `${name} has handleWebSocket, which makes it a raw gateway, and ${stockParts.join(', ')}, which only a stock gateway can have. Make two gateways of it, with a path each.`;
    throw new WebSocketError('WS_GATEWAY_KIND', message);
  }
  return true;
}

/**
 * Catches the errors of `handleConnection` and `handleDisconnect` of a stock gateway: Nest calls them without waiting for
 * their promises, and an unhandled rejection would end the process.
 */
export function guardHandlers({ name, instance, isStatic }: Gateway): void {
  // Where Nest makes an instance per client, each has the methods of the class.
  const target = isStatic ? instance : (Object.getPrototypeOf(instance) as GatewayInstance);
  const { handleConnection, handleDisconnect } = target;
  if (handleConnection !== undefined) {
    target.handleConnection = async function (client, request) {
      const run = async (): Promise<unknown> => handleConnection.call(this, client, request);
      if (!(await runHandler(`${name}.handleConnection`, run))) {
        (client as WsCompatibleClient).close(WebSocketCloseStatus.internalServerError);
      }
    };
  }
  if (handleDisconnect !== undefined) {
    target.handleDisconnect = async function (client, reason) {
      const run = async (): Promise<unknown> => handleDisconnect.call(this, client, reason);
      await runHandler(`${name}.handleDisconnect`, run);
    };
  }
}

/** A path that `gatewayPath` does not change. */
const CANONICAL_PATH = /^(?:\/[a-z0-9_-]+)+$/;

/**
 * A path in the form in which gateways and requests are compared, so that `/ws` matches as a route of ASP.NET Core does:
 * without query, in lower case, without a slash at its end.
 *
 * @param url the target of a request, such as `/ws?x=1`, or the path of a gateway, such as `ws`
 */
export function gatewayPath(url: string): string {
  if (CANONICAL_PATH.test(url)) {
    return url; // as nearly all are
  }
  const path = url
    .replace(/^(?:http|ws)s?:\/\/[^/?#]*/i, '') // the absolute form of a target (RFC 9112 section 3.2.2)
    .replace(/[?#].*$/s, '')
    .replace(/^\//, '')
    .replace(/\/$/, '');
  return `/${decoded(path).toLowerCase()}`;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // it matches no gateway; the HTTP pipeline answers it
  }
}
