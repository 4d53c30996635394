import type { IncomingHttpHeaders } from 'node:http';
import {
  isTrustProxy,
  TrustedProxies,
  type ForwardedClient,
  type TrustProxy,
} from '../../../../libs/websockets/src/handshake/trusted-proxies.js';

const clientOf = (
  trustProxy: TrustProxy,
  remoteAddress: string | undefined,
  headers: IncomingHttpHeaders,
): ForwardedClient => new TrustedProxies(trustProxy).clientOf({ headers, socket: { remoteAddress } });

const xff = (value: string): IncomingHttpHeaders => ({ 'x-forwarded-for': value });

describe('The client of a request', () => {
  it.each<
    [what: string, trustProxy: TrustProxy, peer: string | undefined, headers: IncomingHttpHeaders, address: string]
  >([
    ['is the peer if no proxy is trusted', 0, '10.0.0.1', xff('1.1.1.1'), '10.0.0.1'],
    ['is the peer without a header', 1, '10.0.0.1', {}, '10.0.0.1'],
    ['is the peer if it is not a trusted proxy', '10.0.0.2', '10.0.0.1', xff('1.1.1.1'), '10.0.0.1'],
    ['is the entry of the only proxy', 1, '10.0.0.1', xff('1.1.1.1'), '1.1.1.1'],
    ['is not an earlier, forged entry', 1, '10.0.0.1', xff('9.9.9.9, 1.1.1.1'), '1.1.1.1'],
    ['is the entry of the second of two proxies', 2, '10.0.0.1', xff('9.9.9.9, 1.1.1.1, 10.0.0.2'), '1.1.1.1'],
    ['is the first entry if there are fewer than trusted proxies', 3, '10.0.0.1', xff('1.1.1.1'), '1.1.1.1'],
    ['is the nearest untrusted entry', ['10.0.0.0/8'], '10.0.0.1', xff('9.9.9.9,1.1.1.1,10.9.9.9'), '1.1.1.1'],
    ['is the farthest entry if all are trusted', ['10.0.0.0/8'], '10.0.0.1', xff('10.0.0.3, 10.0.0.2'), '10.0.0.3'],
    ['is reported by loopback', 'loopback', '127.0.0.9', xff('1.1.1.1'), '1.1.1.1'],
    ['is reported by IPv6 loopback', 'loopback', '::1', xff('1.1.1.1'), '1.1.1.1'],
    ['is reported by a private address', 'linklocal, uniquelocal', '172.16.5.5', xff('1.1.1.1'), '1.1.1.1'],
    ['is reported by a trusted IPv6 range', '2001:db8::/32', '2001:db8:1::1', xff('1.1.1.1'), '1.1.1.1'],
    ['is not reported by another IPv6 range', '2001:db8::/32', '2001:db9::1', xff('1.1.1.1'), '2001:db9::1'],
    ['is reported by an address with a zone', 'fe80::/10', 'fe80::1%eth0', xff('1.1.1.1'), '1.1.1.1'],
    ['is reported by an IPv4 proxy on an IPv6 listener', ['10.0.0.0/8'], '::ffff:10.0.0.1', xff('1.1.1.1'), '1.1.1.1'],
    [
      'is reported by a proxy whose mapped address is trusted',
      '::ffff:10.0.0.1',
      '10.0.0.1',
      xff('1.1.1.1'),
      '1.1.1.1',
    ],
    ['is reported by the peer of a Unix socket', 'unix', undefined, xff('1.1.1.1'), '1.1.1.1'],
    ['is reported by the peer of a Unix socket as a counted proxy', 1, undefined, xff('1.1.1.1'), '1.1.1.1'],
    ['is unix for the peer of a Unix socket', 0, undefined, {}, 'unix'],
    ['is not reported by the peer of an untrusted Unix socket', 'loopback', undefined, xff('1.1.1.1'), 'unix'],
    ['is not unix because a header says so', 1, '10.0.0.1', xff('unix'), '10.0.0.1'],
    ['has no port', 1, '10.0.0.1', xff('1.1.1.1:4711'), '1.1.1.1'],
    ['may have IPv6', 1, '10.0.0.1', xff('2001:DB8:0::1'), '2001:db8::1'],
    ['has no brackets', 1, '10.0.0.1', xff('[2001:db8::1]'), '2001:db8::1'],
    ['has neither brackets nor port', 1, '10.0.0.1', xff('[2001:db8::1]:4711'), '2001:db8::1'],
    ['is IPv4 if it is mapped to IPv6', 1, '10.0.0.1', xff('::ffff:1.1.1.1'), '1.1.1.1'],
    ['is IPv4 if the mapped address is hexadecimal', 1, '10.0.0.1', xff('::FFFF:101:101'), '1.1.1.1'],
    ['is IPv4 if the peer is mapped to IPv6', 0, '::ffff:1.1.1.1', {}, '1.1.1.1'],
    ['is the proxy if its entry is not an address', 1, '10.0.0.1', xff('1.1.1.1, garbage'), '10.0.0.1'],
    ['is the proxy if its entry is unknown', 1, '10.0.0.1', xff('unknown'), '10.0.0.1'],
    ['is the proxy if its entry has a bad port', 1, '10.0.0.1', xff('1.1.1.1:port'), '10.0.0.1'],
    ['is the proxy if its entry is a bad address', 1, '10.0.0.1', xff('1.1.1.256'), '10.0.0.1'],
    ['is the proxy if the header is empty', 1, '10.0.0.1', xff(' , '), '10.0.0.1'],
    ['is the entry in Forwarded', 1, '10.0.0.1', { forwarded: 'for=1.1.1.1' }, '1.1.1.1'],
    [
      'is in Forwarded among other parameters',
      1,
      '10.0.0.1',
      { forwarded: 'By=10.0.0.1; FOR="1.1.1.1:80";x="a;b,c"' },
      '1.1.1.1',
    ],
    ['is in Forwarded in brackets', 1, '10.0.0.1', { forwarded: 'for="[2001:db8::1]:4711"' }, '2001:db8::1'],
    ['may have an obfuscated port', 1, '10.0.0.1', { forwarded: 'for="1.1.1.1:_http"' }, '1.1.1.1'],
    ['is in the last element of Forwarded', 1, '10.0.0.1', { forwarded: 'for=9.9.9.9, for=1.1.1.1' }, '1.1.1.1'],
    ['is behind the trusted entries', '10.0.0.0/8', '10.0.0.1', { forwarded: 'for=1.1.1.1,for=10.0.0.2' }, '1.1.1.1'],
    ['is the proxy if the entry is unknown', 1, '10.0.0.1', { forwarded: 'for=unknown' }, '10.0.0.1'],
    ['is the proxy if the entry is obfuscated', 1, '10.0.0.1', { forwarded: 'for=_hidden' }, '10.0.0.1'],
    [
      'is the last known entry before an obfuscated one',
      '10.0.0.0/8',
      '10.0.0.1',
      { forwarded: 'for=_a,for=10.0.0.2' },
      '10.0.0.2',
    ],
    ['is the proxy if IPv6 has no brackets', 1, '10.0.0.1', { forwarded: 'for="2001:db8::1"' }, '10.0.0.1'],
    ['is the proxy if brackets have no quotes', 1, '10.0.0.1', { forwarded: 'for=[2001:db8::1]' }, '10.0.0.1'],
    ['is the proxy if brackets have IPv4', 1, '10.0.0.1', { forwarded: 'for="[1.1.1.1]"' }, '10.0.0.1'],
    ['is the proxy if for occurs twice', 1, '10.0.0.1', { forwarded: 'for=1.1.1.1;for=2.2.2.2' }, '10.0.0.1'],
    ['is the proxy if a quote is open', 1, '10.0.0.1', { forwarded: 'for="1.1.1.1' }, '10.0.0.1'],
    ['is the proxy without a name and value', 1, '10.0.0.1', { forwarded: '1.1.1.1' }, '10.0.0.1'],
    [
      'is found behind an open quote',
      1,
      '10.0.0.1',
      { forwarded: 'for=9.9.9.9;x=", for="[2001:db8::1]"' },
      '2001:db8::1',
    ],
    ['is found behind an escape', 1, '10.0.0.1', { forwarded: 'for=9.9.9.9;x="\\, for=1.1.1.1' }, '1.1.1.1'],
    ['is found behind garbage', 1, '10.0.0.1', { forwarded: ';;=,"",\\, for=1.1.1.1' }, '1.1.1.1'],
    ['is in both headers', 1, '10.0.0.1', { forwarded: 'for=1.1.1.1', ...xff('1.1.1.1') }, '1.1.1.1'],
    ['is in one header if the other hides it', 1, '10.0.0.1', { forwarded: 'for=_x', ...xff('1.1.1.1') }, '1.1.1.1'],
    [
      'is the proxy if both headers contradict',
      1,
      '10.0.0.1',
      { forwarded: 'for=9.9.9.9', ...xff('1.1.1.1') },
      '10.0.0.1',
    ],
  ])('%s', (_what, trustProxy, peer, headers, address) => {
    expect(clientOf(trustProxy, peer, headers).address).toBe(address);
  });

  it.each<[what: string, trustProxy: TrustProxy, headers: IncomingHttpHeaders, proxies: string[] | undefined]>([
    ['none where none is trusted', 0, xff('1.1.1.1'), undefined],
    ['none where it tells nothing', 1, {}, undefined],
    ['the peer', 1, xff('9.9.9.9, 1.1.1.1'), ['10.0.0.1']],
    [
      'the peer and those behind it',
      '10.0.0.0/8',
      xff('1.1.1.1, 10.0.0.3, 10.0.0.2'),
      ['10.0.0.1', '10.0.0.2', '10.0.0.3'],
    ],
    ['those that Forwarded tells', '10.0.0.0/8', { forwarded: 'for=1.1.1.1, for=10.0.0.2' }, ['10.0.0.1', '10.0.0.2']],
  ])('came through %s', (_what, trustProxy, headers, proxies) => {
    expect(clientOf(trustProxy, '10.0.0.1', headers).proxies).toEqual(proxies);
  });

  it.each([
    ['was lost', { remoteAddress: undefined, destroyed: true }],
    ['was reset, which its socket does not know yet', { remoteAddress: undefined, localAddress: '10.0.0.9' }],
  ])('has no address after the connection %s, with any headers', (_what, socket) => {
    expect(new TrustedProxies('unix').clientOf({ headers: xff('1.1.1.1'), socket })).toEqual({ address: '' });
  });

  it.each<[what: string, trustProxy: TrustProxy, headers: Record<string, string>, told: Partial<ForwardedClient>]>([
    [
      'X-Forwarded',
      1,
      { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'a.com:81' },
      { scheme: 'https', host: 'a.com:81' },
    ],
    ['Forwarded', 1, { forwarded: 'proto=HTTPS;host="a.com:81"' }, { scheme: 'https', host: 'a.com:81' }],
    ['a proxy that knows WebSockets', 1, { 'x-forwarded-proto': 'wss' }, { scheme: 'https' }],
    ['a proxy behind forged values', 1, { 'x-forwarded-proto': 'https, http' }, { scheme: 'http' }],
    [
      'two proxies',
      2,
      { ...(xff('1.1.1.1, 10.0.0.2') as object), 'x-forwarded-proto': 'https, http' },
      { scheme: 'https' },
    ],
    ['only the nearer of two', 2, { forwarded: 'for=1.1.1.1, for=10.0.0.2;proto=https' }, { scheme: 'https' }],
    ['a stranger', '10.9.9.9', { 'x-forwarded-proto': 'https', forwarded: 'host=a.com' }, {}],
    [
      'headers that contradict',
      1,
      { 'x-forwarded-proto': 'https', forwarded: 'proto=http;host=a.com' },
      { host: 'a.com' },
    ],
    ['a scheme of another kind', 1, { 'x-forwarded-proto': 'gopher' }, {}],
    ['a malformed host', 1, { 'x-forwarded-host': 'a.com/path', forwarded: 'host="a b"' }, {}],
  ])('has the scheme and host from %s', (_what, trustProxy, headers, told) => {
    const { scheme, host } = clientOf(trustProxy, '10.0.0.1', headers);

    expect({ scheme, host }).toEqual({ scheme: undefined, host: undefined, ...told });
  });

  it('is found in headers of any size in linear time', () => {
    const headers = { forwarded: '"\\,;'.repeat(250_000), 'x-forwarded-for': ',"'.repeat(500_000) };

    expect(clientOf(['::/0', '0.0.0.0/0'], '10.0.0.1', headers).address).toBe('10.0.0.1');
  });
});

describe('trustProxy', () => {
  it.each<[unknown]>([
    [0],
    [1],
    [''],
    [[]],
    ['10.0.0.0/8, ::1,unix'],
    [['loopback', 'linklocal, uniquelocal']],
    ['::/0'],
  ])('takes %p', (value) => {
    expect(isTrustProxy(value)).toBe(true);
  });

  it.each<[unknown]>([
    [true],
    [-1],
    [1.5],
    [NaN],
    ['1'],
    ['10.0.0.0/33'],
    ['::1/129'],
    ['10.0.0.0/'],
    ['10.0.0.0/255.0.0.0'],
    ['10.0.0'],
    ['localhost'],
    ['toString'],
    [[7]],
    [null],
    [{}],
  ])('does not take %p', (value) => {
    expect(isTrustProxy(value)).toBe(false);
  });
});
