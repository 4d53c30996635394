import type { IncomingMessage } from 'node:http';
import { refusalOfAuthority, refusalOfHost } from '../../../../libs/websockets/src/handshake/host.js';

/** A request with these Host headers, as Node.js represents it. */
function request(...hosts: string[]): IncomingMessage {
  const rawHeaders = ['Upgrade', 'host', ...hosts.flatMap((host) => ['Host', host]), 'X-Host', 'a b'];
  return { headers: { host: hosts[0] }, rawHeaders } as unknown as IncomingMessage;
}

describe('refusalOfHost', () => {
  it.each([
    'localhost',
    'localhost:5000',
    'EXAMPLE.com',
    'xn--bcher-kva.example:80',
    'under_score.example',
    '127.0.0.1:80',
    '[::1]',
    '[::ffff:127.0.0.1]:443',
    'b%C3%BCcher.example',
    'localhost:',
    '',
  ])('accepts %j', (host) => {
    expect(refusalOfHost(request(host))).toBeUndefined();
  });

  it('leaves a missing Host to the HTTP server', () => {
    expect(refusalOfHost(request())).toBeUndefined();
  });

  it.each([
    'local host',
    'localhost/ws',
    'user@localhost',
    'localhost:port',
    'localhost:80:80',
    'http://localhost',
    '::1',
    '[::1',
    '[localhost]',
    'a, b',
    'bücher.example',
    'localhost?x',
    'a"b',
  ])('rejects %j with 400', (host) => {
    expect(refusalOfHost(request(host))).toEqual({
      status: 400,
      reason: 'malformed',
      message: `Host is ${JSON.stringify(host)}; one host is accepted, with a port or without.`,
      headers: {},
    });
  });

  it('rejects repeated Host headers, even if they are equal', () => {
    expect(refusalOfHost(request('localhost', 'localhost'))?.message).toContain('Host is "localhost, localhost"');
  });
});

describe('refusalOfAuthority', () => {
  it.each(['localhost', 'localhost:5001', '[::1]:5001', undefined])('accepts %p', (authority) => {
    expect(refusalOfAuthority(authority)).toBeUndefined();
  });

  it.each(['user@localhost', 'user:password@localhost', '[::1', 'a b', 'localhost:port'])('rejects %p', (authority) => {
    expect(refusalOfAuthority(authority)).toMatchObject({
      status: 400,
      message: `:authority is "${authority}"; one host is accepted, with a port or without.`,
    });
  });
});
