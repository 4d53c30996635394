import type { IncomingHttpHeaders } from 'node:http';
import { admissionRefusal } from '../../../../libs/websockets/src/handshake/admission.js';
import { WebSocketConnections } from '../../../../libs/websockets/src/connection/web-socket-connections.js';
import { resolveWebSocketOptions, type WebSocketOptions } from '../../../../libs/websockets/src/nest/module-options.js';
import { connect } from '../../../support/socket-pair.js';

/** The connections of an application, one live connection for each address. */
function connectionsOf(options: WebSocketOptions, addresses: readonly string[] = []): WebSocketConnections {
  const connections = new WebSocketConnections(resolveWebSocketOptions(options));
  addresses.forEach((remoteAddress) => connections.add(connect({}, { remoteAddress }).connection));
  return connections;
}

/** The refusal of a handshake when admission and connections have the same options. */
const refusalOf = (
  headers: IncomingHttpHeaders,
  address: string,
  connections: WebSocketConnections,
): ReturnType<typeof admissionRefusal> =>
  admissionRefusal(headers, { address }, connections, connections.options as Required<WebSocketOptions>);

const abortAll = (connections: WebSocketConnections): void => [...connections].forEach((one) => one.abort());

describe('admissionRefusal', () => {
  it.each<[string, WebSocketOptions, string[], { status: number; message: RegExp; retry: boolean } | undefined]>([
    ['neither limit is set', {}, ['1.1.1.1', '1.1.1.1'], undefined],
    ['there is room for one more', { maxConnections: 3 }, ['1.1.1.1', '2.2.2.2'], undefined],
    [
      'the server is full',
      { maxConnections: 2 },
      ['1.1.1.1', '2.2.2.2'],
      { status: 503, message: /maxConnections allows, which is 2/, retry: true },
    ],
    ['the address has room', { maxConnectionsPerAddress: 2 }, ['1.1.1.1', '2.2.2.2'], undefined],
    [
      'the address has no room',
      { maxConnectionsPerAddress: 2 },
      ['1.1.1.1', '1.1.1.1'],
      { status: 429, message: /maxConnectionsPerAddress allows, which is 2/, retry: true },
    ],
    [
      'the origin is foreign',
      { allowedOrigins: ['http://a.com'] },
      [],
      { status: 403, message: /the option allowedOrigins/, retry: false },
    ],
    ['the origin is allowed', { allowedOrigins: ['http://evil.com'] }, [], undefined],
  ])('returns the right result when %s', (_when, options, addresses, refusal) => {
    const connections = connectionsOf(options, addresses);
    const result = refusalOf({ origin: 'http://evil.com', host: 'a.com' }, '1.1.1.1', connections);
    expect(result?.status).toBe(refusal?.status);
    expect(result?.message ?? '').toMatch(refusal?.message ?? /^$/);
    expect('Retry-After' in (result?.headers ?? {})).toBe(refusal?.retry ?? false);
    abortAll(connections);
  });

  it('does not reveal the allowed origins', () => {
    const refusal = refusalOf(
      { origin: 'http://evil.com' },
      '',
      connectionsOf({ allowedOrigins: ['http://secret.com'] }),
    );
    expect(JSON.stringify(refusal)).not.toContain('secret');
  });

  it('names requireOrigin when Origin is missing', () => {
    expect(refusalOf({}, '', connectionsOf({ requireOrigin: true }))?.message).toContain('the option requireOrigin');
  });

  it('admits a handshake again when a connection has ended', async () => {
    const connections = connectionsOf({ maxConnections: 1, maxConnectionsPerAddress: 1 }, ['1.1.1.1']);
    expect(refusalOf({}, '1.1.1.1', connections)?.status).toBe(503);
    const [connection] = connections;
    connection.abort();
    await connection.closed;
    expect(refusalOf({}, '1.1.1.1', connections)).toBeUndefined();
    expect(connections.sizeOf('1.1.1.1')).toBe(0);
  });

  it('refuses every handshake while the application shuts down', async () => {
    const connections = connectionsOf({});
    await connections.drain();
    expect(refusalOf({}, '', connections)?.status).toBe(503);
  });
});
