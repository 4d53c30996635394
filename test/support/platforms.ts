import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';

/** A name for the title of a test, and what makes an HTTP adapter. */
export type Platform = readonly [name: string, createAdapter: () => AbstractHttpAdapter];

/** What Nest runs on; for `describe.each`. */
export const platforms: readonly Platform[] = [
  ['Fastify', () => new FastifyAdapter()],
  ['Express', () => new ExpressAdapter()],
];
