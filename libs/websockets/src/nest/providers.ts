import type { INestApplication } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';

/**
 * All providers of an application. Where one may be missing they are searched here: `app.get` would end the process, with
 * Nest's own words, before this library could say what is missing.
 */
export function providersOf(app: INestApplication) {
  return [...app.get(ModulesContainer, { strict: false }).values()].flatMap(({ providers }) => [...providers.values()]);
}
