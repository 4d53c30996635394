import { isOriginAllowed, isOriginEntry } from '../../../../libs/websockets/src/handshake/origins.js';

describe('isOriginAllowed', () => {
  it.each<[string, string[], string | undefined, boolean]>([
    ['an empty list allows any origin', [], 'http://evil.com', true],
    ['an empty list allows a request without Origin', [], undefined, true],
    ['* allows any', ['*'], 'http://evil.com', true],
    ['* among others allows any', ['http://a.com', '*'], 'http://evil.com', true],
    ['a list allows a request without Origin', ['http://a.com'], undefined, true],
    ['an entry allows itself', ['http://a.com'], 'http://a.com', true],
    ['any entry may match', ['http://a.com', 'http://b.com'], 'http://b.com', true],
    ['letter case does not matter', ['http://ExAmPLE.cOm'], 'http://example.COM', true],
    ['an entry may omit the default port', ['https://a.com'], 'https://a.com:443', true],
    ['the header may omit the default port', ['http://a.com:80'], 'http://a.com', true],
    ['another port is another origin', ['http://a.com'], 'http://a.com:8080', false],
    ['another scheme is another origin', ['https://a.com'], 'http://a.com', false],
    ['another host is another origin', ['http://a.com'], 'http://b.com', false],
    ['a longer host is another origin', ['http://a.com'], 'http://a.com.evil.com', false],
    ['a shorter host is another origin', ['http://www.a.com'], 'http://a.com', false],
    ['an empty entry allows nothing', [''], 'http://a.com', false],
    ['an empty entry does not allow an empty header', [''], '', false],
    ['a wildcard allows a sub-domain', ['https://*.client.com'], 'https://app.client.com', true],
    ['a wildcard allows a deep sub-domain', ['https://*.client.com'], 'https://a.b.client.com', true],
    ['a wildcard does not allow the domain itself', ['https://*.client.com'], 'https://client.com', false],
    ['a wildcard does not allow an empty label', ['https://*.client.com'], 'https://.client.com', false],
    ['a wildcard does not allow another domain', ['https://*.client.com'], 'https://evilclient.com', false],
    ['a wildcard does not allow a longer domain', ['https://*.client.com'], 'https://a.client.com.evil.com', false],
    ['a wildcard does not allow another scheme', ['https://*.client.com'], 'http://app.client.com', false],
    ['a wildcard does not allow another port', ['https://*.client.com'], 'https://app.client.com:8443', false],
    ['a wildcard may have a port', ['https://*.client.com:8443'], 'https://app.client.com:8443', true],
    ['a wildcard does not match a path', ['https://*.client.com'], 'https://evil.com/.client.com', false],
    [
      'a wildcard does not match a path and a port',
      ['https://*.client.com'],
      'https://evil.com/.client.com:443',
      false,
    ],
    ['a wildcard does not match a user', ['https://*.client.com'], 'https://evil.com@x.client.com', false],
    ['same-origin allows the host of the request', ['same-origin'], 'http://server.com:5000', true],
    ['same-origin does not allow another port', ['same-origin'], 'http://server.com', false],
    ['same-origin does not allow another host', ['same-origin'], 'http://evil.com:5000', false],
    ['null is allowed when it is listed', ['null'], 'null', true],
    ['null is not allowed when it is not listed', ['http://a.com'], 'null', false],
    ['null allows no other origin', ['null'], 'null://null', false],
    ['file:// is allowed where it is listed', ['file://'], 'file://', true],
    ['file:// is not allowed where it is not', ['https://a.com'], 'file://', false],
    ['file:// allows no other origin', ['file://'], 'https://a.com', false],
    ['an application may have its own scheme', ['capacitor://localhost'], 'capacitor://localhost', true],
    ['its own scheme may have a dot as the host', ['app://.'], 'app://.', true],
    ['its own scheme may have an empty host', ['app://'], 'app://', true],
    ['its own scheme with a host is another origin', ['app://'], 'app://a', false],
    ['an extension is an origin', ['chrome-extension://AbCdEf'], 'chrome-extension://abcdef', true],
    ['another extension is another origin', ['chrome-extension://abc'], 'chrome-extension://abd', false],
    ['an international host matches its Punycode', ['https://münchen.example'], 'https://xn--mnchen-3ya.example', true],
    ['Punycode matches its international host', ['https://xn--mnchen-3ya.example'], 'https://München.example', true],
    [
      'a wildcard before an international host matches its Punycode',
      ['https://*.münchen.example'],
      'https://a.xn--mnchen-3ya.example',
      true,
    ],
    ['an IPv6 address may be written in any form', ['http://[0:0:0:0:0:0:0:1]'], 'http://[::1]', true],
    ['an IPv4 address may be written in any form', ['http://127.1:80'], 'http://127.0.0.1', true],
    ['a port may have leading zeros', ['https://a.com:0443'], 'https://a.com', true],
    ['a malformed header is rejected', ['https://a.com'], 'https://a.com:99999', false],
    ['a header with a path is rejected', ['https://a.com'], 'https://a.com/', false],
    ['an IPv6 address is a host', ['http://[::1]:5000'], 'http://[::1]:5000', true],
  ])('%s', (_rule, allowedOrigins, origin, allowed) => {
    const headers = { origin, host: 'server.com:5000' };
    expect(isOriginAllowed(headers, { allowedOrigins, requireOrigin: false })).toBe(allowed);
  });

  it.each<[string, string, string, boolean]>([
    ['http://server.com', 'SERVER.com:80', 'with the default port of http', true],
    ['https://server.com', 'server.com', 'of https without a port', true],
    ['https://server.com', 'server.com:80', 'of https with the port of http', false],
    ['null', 'null', 'that is null', false],
  ])('same-origin compares %s with the host %s, %s', (origin, host, _name, allowed) => {
    const options = { allowedOrigins: ['same-origin'], requireOrigin: false };
    expect(isOriginAllowed({ origin, host }, options)).toBe(allowed);
  });

  it.each<[origin: string, scheme: 'http' | 'https', allowed: boolean]>([
    ['https://server.com', 'https', true],
    ['http://server.com', 'https', false],
    ['https://server.com', 'http', false],
  ])('same-origin compares %s with the scheme %s where that is known', (origin, scheme, allowed) => {
    const options = { allowedOrigins: ['same-origin'], requireOrigin: false };
    expect(isOriginAllowed({ origin, host: 'server.com', scheme }, options)).toBe(allowed);
  });

  it('rejects a request without Origin if requireOrigin is set, for any list', () => {
    expect(isOriginAllowed({}, { allowedOrigins: [], requireOrigin: true })).toBe(false);
    expect(isOriginAllowed({}, { allowedOrigins: ['*'], requireOrigin: true })).toBe(false);
    expect(isOriginAllowed({ origin: 'http://a.com' }, { allowedOrigins: [], requireOrigin: true })).toBe(true);
  });
});

describe('isOriginEntry', () => {
  it.each([
    '',
    '*',
    'same-origin',
    'null',
    'http://a.com',
    'https://*.a.com',
    'https://*.münchen.example',
    'http://[::1]:80',
    'app://id',
    'app://',
    'file://',
  ])('accepts %p', (entry) => expect(isOriginEntry(entry)).toBe(true));

  it.each([
    ['a.com'],
    ['http://a.com/'],
    ['http://a.com/x'],
    ['http://*'],
    ['http://a.*'],
    ['http://a*.com'],
    ['http://'],
    ['https://:443'],
    ['https://a.com:99999'],
    ['http://a.com\\b'],
    ['http://*.1.2.3.4'],
    ['file:'],
    ['file:///'],
    [' '],
    [7],
  ])('rejects %p', (entry) => expect(isOriginEntry(entry)).toBe(false));
});
