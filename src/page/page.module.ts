import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { ServeStaticModule, type ServeStaticModuleOptions } from '@nestjs/serve-static';
import { packageRootOf } from './package-root.js';
import { PAGE_HEADERS } from './page-headers.js';

/** The part of a Fastify reply that serve-static hands out for setting headers. */
interface HeaderWriter {
  header(name: string, value: string): unknown;
}

/**
 * How the page is served: at `/`, its files beside it, and nothing else.
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
    // serve-static answers its render path with the page. The default, "*", would put its answer in place of Nest's own
    // 404 for every unknown path, so the render path is the one place where the page is, and `index` leaves it free.
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

/** Serves the page with the Communication Log from the files that the build puts into dist/client/page. */
@Module({
  imports: [
    ServeStaticModule.forRootAsync({
      useFactory: () => [pageOptions(join(packageRootOf(import.meta.url), 'dist', 'client', 'page'))],
    }),
  ],
})
export class PageModule {}
