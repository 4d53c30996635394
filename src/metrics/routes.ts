import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';

/** The label value of every path without a route, so that clients cannot add label values. */
const NO_ROUTE = 'other';

/** The routes of the application, as labels of metrics: `/background/:room` for every room. */
@Injectable()
export class Routes {
  /** By path, in lower case. */
  private readonly fixed = new Map<string, string>();
  private readonly withParameters: { readonly route: string; readonly pattern: RegExp }[] = [];

  constructor(@Inject(HttpAdapterHost) { httpAdapter }: HttpAdapterHost) {
    httpAdapter.getInstance<FastifyInstance>().addHook('onRoute', ({ method, url }) => {
      if ([method].flat().includes('GET')) {
        this.add(url);
      }
    });
  }

  /** @param path the path and query of a request */
  of(path: string): string {
    const end = path.search(/[?#]/);
    const pathname = withoutSlash(end === -1 ? path : path.slice(0, end)).toLowerCase();
    return (
      this.fixed.get(pathname) ?? this.withParameters.find(({ pattern }) => pattern.test(pathname))?.route ?? NO_ROUTE
    );
  }

  private add(url: string): void {
    const route = withoutSlash(url);
    if (route.includes('*')) {
      return; // such a route matches any path
    }
    if (!route.includes(':')) {
      this.fixed.set(route.toLowerCase(), route);
    } else if (!this.withParameters.some((known) => known.route === route)) {
      const segments = route
        .split('/')
        .map((segment) => (segment.startsWith(':') ? '[^/]+' : segment.toLowerCase().replace(/[^\w-]/g, '\\$&')));
      this.withParameters.push({ route, pattern: new RegExp(`^${segments.join('/')}$`) });
    }
  }
}

/** The application ignores a slash at the end of a path, as it ignores the case of letters. */
function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
