import type { INestApplication } from '@nestjs/common';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import {
  GATEWAY_METADATA,
  GATEWAY_OPTIONS,
  MESSAGE_MAPPING_METADATA,
  PORT_METADATA,
} from '@nestjs/websockets/constants.js';

/** What this library uses of Nest that Nest does not document stands here, and nowhere else. */

/**
 * All providers of an application. A provider that may be missing is searched among them: `app.get` would end the process
 * before this library could say what is missing.
 */
export function providersOf(app: INestApplication): InstanceWrapper[] {
  return [...app.get(ModulesContainer, { strict: false }).values()].flatMap(({ providers }) => [...providers.values()]);
}

/** What `@WebSocketGateway` notes of a class; undefined for a class without it. */
export function gatewayMetadataOf(
  gatewayClass: object,
): { readonly port: number; readonly options: Readonly<Record<string, unknown>> } | undefined {
  return Reflect.getMetadata(GATEWAY_METADATA, gatewayClass) === true
    ? {
        port: (Reflect.getMetadata(PORT_METADATA, gatewayClass) ?? 0) as number,
        options: (Reflect.getMetadata(GATEWAY_OPTIONS, gatewayClass) ?? {}) as Readonly<Record<string, unknown>>,
      }
    : undefined;
}

/** The methods of a gateway that have `@SubscribeMessage`, inherited ones included. */
export function subscribedMethodsOf(instance: object): string[] {
  const prototype = Object.getPrototypeOf(instance) as Record<string, object>;
  return new MetadataScanner()
    .getAllMethodNames(prototype)
    .filter((method) => Reflect.hasMetadata(MESSAGE_MAPPING_METADATA, prototype[method]));
}
