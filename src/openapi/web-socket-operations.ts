import type { OpenAPIObject } from '@nestjs/swagger';

type PathItem = OpenAPIObject['paths'][string];
type Operation = NonNullable<PathItem['get']>;
type Response = Exclude<Operation['responses'][string], { $ref: string } | undefined>;

/** The tag that marks an operation as a WebSocket handshake. */
export const WEB_SOCKETS = 'WebSockets';

const retryAfter: Response['headers'] = {
  'Retry-After': { description: 'How long to wait, in seconds.', schema: { type: 'integer' } },
};

/** The refusals that are possible at every WebSocket endpoint. */
const refusals: Readonly<Record<string, Response>> = {
  403: { description: 'ALLOWED_ORIGINS or REQUIRE_ORIGIN refuses the origin.' },
  426: { description: 'The handshake has a version other than 13.' },
  429: {
    description: 'The address has reached MAX_CONNECTIONS_PER_ADDRESS.',
    headers: retryAfter,
  },
  503: {
    description: 'The server has reached MAX_CONNECTIONS, or is shutting down.',
    headers: retryAfter,
  },
};

/** The operation at `/`, which has no controller. */
export const root: PathItem = {
  get: {
    tags: [WEB_SOCKETS],
    operationId: 'root',
    summary: 'Echo, and the page',
    description: 'A WebSocket is echoed, as at /ws. Any other GET request gets the page.',
    responses: {
      101: { description: 'The WebSocket is open.' },
      200: { description: 'The page.', content: { 'text/html': {} } },
    },
  },
};

/**
 * Adds the refusals to all operations that are WebSocket handshakes. A handshake is a GET request, so the other methods of
 * such a path, which always get 400, are removed.
 */
export function describeHandshakes({ paths }: OpenAPIObject): void {
  for (const [path, { get }] of Object.entries(paths)) {
    if (get?.tags?.includes(WEB_SOCKETS)) {
      get.responses = { ...refusals, ...get.responses };
      paths[path] = { get };
    }
  }
}
