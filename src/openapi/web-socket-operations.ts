import type { OpenAPIObject } from '@nestjs/swagger';

type PathItem = OpenAPIObject['paths'][string];
type Operation = NonNullable<PathItem['get']>;
type Response = Exclude<Operation['responses'][string], { $ref: string } | undefined>;

/** The tag that marks an operation as a WebSocket handshake. */
export const WEB_SOCKETS = 'WebSockets';

const retryAfter: Response['headers'] = {
  'Retry-After': { description: 'How long to wait, in seconds.', schema: { type: 'integer' } },
};

/** How a handshake is refused wherever WebSockets are taken. */
const refusals: Readonly<Record<string, Response>> = {
  403: { description: 'ALLOWED_ORIGINS or REQUIRE_ORIGIN refuses the origin.' },
  426: { description: 'The handshake is of a version other than 13.' },
  429: {
    description: 'The address has as many WebSockets as MAX_CONNECTIONS_PER_ADDRESS allows.',
    headers: retryAfter,
  },
  503: {
    description: 'There are as many WebSockets as MAX_CONNECTIONS allows, or the server is shutting down.',
    headers: retryAfter,
  },
};

/** What is at `/`, which no controller serves. */
export const root: PathItem = {
  get: {
    tags: [WEB_SOCKETS],
    operationId: 'root',
    summary: 'Echo, and the page',
    description: 'A WebSocket is echoed as at /ws. Every other GET request gets the page.',
    responses: {
      101: { description: 'The WebSocket is open.' },
      200: { description: 'The page.', content: { 'text/html': {} } },
    },
  },
};

/**
 * Completes the operations of WebSockets: how a handshake may be refused, wherever it is. A handshake is a GET request, so
 * the other methods of such a path, which always get 400, are left out.
 */
export function describeHandshakes({ paths }: OpenAPIObject): void {
  for (const [path, { get }] of Object.entries(paths)) {
    if (get?.tags?.includes(WEB_SOCKETS)) {
      get.responses = { ...refusals, ...get.responses };
      paths[path] = { get };
    }
  }
}
