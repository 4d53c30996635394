import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Module } from '@nestjs/common';
import { ServeStaticModule, type ServeStaticModuleOptions } from '@nestjs/serve-static';
import { PAGE_HEADERS } from './page-headers.js';

// By the package's name, because this file runs from a folder of the build.
const packageRoot = dirname(createRequire(import.meta.url).resolve('nest-ws-echo/package.json'));

/** The part of a Fastify reply with which serve-static lets the application set headers. */
interface HeaderWriter {
  header(name: string, value: string): unknown;
}

/**
 * The options of serve-static: the page at `/`, its files beside it, and nothing else.
 *
 * @throws Error if the page has not been built
 */
export function pageOptions(rootPath: string): ServeStaticModuleOptions {
  const page = join(rootPath, 'index.html');
  if (!existsSync(page)) {
    throw new Error(`The page is not built: ${page} does not exist. Build it with: npm run build`);
  }
  return {
    rootPath,
    // serve-static answers its render path with the page. With the default, "*", it would answer every unknown path, in
    // place of Nest's 404. So the render path is `/`, and `index: false` leaves `/` to it.
    renderPath: '/',
    serveStaticOptions: {
      fallthrough: true,
      index: false,
      cacheControl: false,
      acceptRanges: false,
      setHeaders(reply: HeaderWriter) {
        for (const [name, value] of Object.entries(PAGE_HEADERS)) {
          reply.header(name, value);
        }
      },
    },
  };
}

/** Serves the Communication Log from dist/client/page, where the build puts its files. */
@Module({
  imports: [
    ServeStaticModule.forRootAsync({
      useFactory: () => [pageOptions(join(packageRoot, 'dist', 'client', 'page'))],
    }),
  ],
})
export class PageModule {}
