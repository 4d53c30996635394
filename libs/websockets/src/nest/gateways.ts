import type { INestApplication } from '@nestjs/common';
import { MetadataScanner } from '@nestjs/core';
import {
  GATEWAY_METADATA,
  GATEWAY_OPTIONS,
  MESSAGE_MAPPING_METADATA,
  PORT_METADATA,
} from '@nestjs/websockets/constants.js';
import type { IncomingMessage } from 'node:http';
import type { MessageClient } from './message-client.js';
import { WebSocketCloseStatus } from '../protocol/close-status.js';
import { providersOf } from './providers.js';
import { runHandler } from './serve-connection.js';
import type { WebSocketConnection } from '../connection/web-socket-connection.js';

/** What this library calls of a gateway. The client is a `WebSocketConnection` or, in a stock gateway, a `MessageClient`. */
interface GatewayInstance {
  handleConnection?: (client: unknown, request: IncomingMessage) => unknown;
  handleDisconnect?: (client: unknown, closed: unknown) => unknown;
}

/** A class with `@WebSocketGateway`. */
export interface Gateway {
  readonly name: string;
  readonly path: string;
  readonly port: number;
  /** What `@WebSocketGateway` was given, the path included. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The module that provides it. */
  readonly module: string;
  readonly instance: GatewayInstance;
  /** Whether Nest calls this one instance, and does not make one per client. */
  readonly isStatic: boolean;
  /** Whether it has been made, with all that it is injected, and there is no other. */
  readonly isSingleton: boolean;
}

/** What a raw gateway has: one without `@SubscribeMessage` handlers. Its promise is the life of the connection. */
export interface RawWebSocketGateway {
  handleConnection(webSocket: WebSocketConnection, request: IncomingMessage): void | Promise<void>;
}

/** The gateways of an application. */
export function findGateways(app: INestApplication): Gateway[] {
  return providersOf(app)
    .filter(({ metatype, instance }) => isGatewayClass(metatype) && typeof instance === 'object' && instance !== null)
    .map((provider) => {
      const gatewayClass = provider.metatype as Function;
      const options = (Reflect.getMetadata(GATEWAY_OPTIONS, gatewayClass) ?? {}) as Record<string, unknown> & {
        path?: string;
      };
      return {
        name: gatewayClass.name,
        path: options.path ?? '',
        port: (Reflect.getMetadata(PORT_METADATA, gatewayClass) ?? 0) as number,
        options,
        module: provider.host?.name ?? '',
        instance: provider.instance as GatewayInstance,
        isStatic: provider.isDependencyTreeStatic(),
        isSingleton: provider.isDependencyTreeStatic() && !provider.isTransient,
      };
    });
}

function isGatewayClass(metatype: unknown): boolean {
  return typeof metatype === 'function' && Reflect.getMetadata(GATEWAY_METADATA, metatype) === true;
}

/** Whether a gateway has no `@SubscribeMessage` handlers, and so takes connections as they are. */
export function isRaw({ instance }: Gateway): boolean {
  const prototype = Object.getPrototypeOf(instance) as Record<string, object>;
  return !new MetadataScanner()
    .getAllMethodNames(prototype)
    .some((method) => Reflect.hasMetadata(MESSAGE_MAPPING_METADATA, prototype[method]));
}

/**
 * Catches what `handleConnection` and `handleDisconnect` of a stock gateway throw: Nest calls them and forgets their
 * promises, whose rejection would end the process.
 */
export function guardHandlers({ name, instance, isStatic }: Gateway): void {
  // Of a gateway that is no singleton Nest makes one per client, with what its class has.
  const target = isStatic ? instance : (Object.getPrototypeOf(instance) as GatewayInstance);
  const { handleConnection, handleDisconnect } = target;
  if (handleConnection !== undefined) {
    target.handleConnection = async function (client, request) {
      const run = async (): Promise<unknown> => handleConnection.call(this, client, request);
      if (!(await runHandler(`${name}.handleConnection`, run))) {
        (client as MessageClient).close(WebSocketCloseStatus.internalServerError);
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
