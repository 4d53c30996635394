import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';

/** The name of a platform, and a function that creates its HTTP adapter. */
export type Platform = readonly [name: string, createAdapter: () => AbstractHttpAdapter];

/** The platforms of Nest; for `describe.each`. */
export const platforms: readonly Platform[] = [
  ['Fastify', () => new FastifyAdapter()],
  ['Express', () => new ExpressAdapter()],
];
