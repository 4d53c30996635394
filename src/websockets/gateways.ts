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
import { WebSocketCloseStatus } from './protocol/close-status.js';
import { providersOf } from './providers.js';
import { runHandler } from './serve-connection.js';
import type { WebSocketClosed } from './web-socket-close.js';
import type { WebSocketConnection } from './web-socket-connection.js';

/** What this library calls of a gateway. The client is a `WebSocketConnection` or, in a stock gateway, a `MessageClient`. */
interface GatewayInstance {
  handleConnection?(client: unknown, request: IncomingMessage): unknown;
  handleDisconnect?(client: unknown, closed: WebSocketClosed): unknown;
}

/** A class with `@WebSocketGateway`. */
export interface Gateway {
  readonly name: string;
  readonly path: string;
  readonly port: number;
  readonly instance: GatewayInstance;
}

/** What a raw gateway has: one without `@SubscribeMessage` handlers. Its promise is the life of the connection. */
export interface RawWebSocketGateway {
  handleConnection(webSocket: WebSocketConnection, request: IncomingMessage): void | Promise<void>;
}

/** The gateways of an application. */
export function findGateways(app: INestApplication): Gateway[] {
  return providersOf(app)
    .filter(({ metatype, instance }) => isGatewayClass(metatype) && typeof instance === 'object' && instance !== null)
    .map(({ metatype, instance }) => {
      const gatewayClass = metatype as Function;
      const options = (Reflect.getMetadata(GATEWAY_OPTIONS, gatewayClass) ?? {}) as { path?: string };
      return {
        name: gatewayClass.name,
        path: options.path ?? '',
        port: (Reflect.getMetadata(PORT_METADATA, gatewayClass) ?? 0) as number,
        instance: instance as GatewayInstance,
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
 * Catches what the `handleConnection` of a stock gateway throws: Nest calls it and forgets its promise, whose rejection
 * would end the process.
 */
export function guardConnectionHandler({ name, instance }: Gateway): void {
  const handleConnection = instance.handleConnection?.bind(instance);
  if (handleConnection === undefined) {
    return;
  }
  instance.handleConnection = async (client, request) => {
    const succeeded = await runHandler(`${name}.handleConnection`, async () => {
      await handleConnection(client, request);
    });
    if (!succeeded) {
      (client as MessageClient).close(WebSocketCloseStatus.internalServerError);
    }
  };
}
