import {
  parseConnectTo,
  parseCount,
  parseHeader,
  parseMessageSize,
  parseProxy,
  parseRate,
  parseServername,
  parseSubprotocol,
  parseTime,
  parseUrl,
} from '../../../client/console/src/option-values.js';

describe('An option value', () => {
  it('may be a duration', () => {
    expect(parseTime('1.5 s')).toBe(1500);
  });

  it('may be a size', () => {
    expect(parseMessageSize('100 MiB')).toBe(104_857_600);
  });

  it.each([
    ['X-A: b', ['X-A', 'b']],
    ['X-A:b', ['X-A', 'b']],
    ['X-A:', ['X-A', '']],
    ['X-A:  b: c  ', ['X-A', 'b: c']],
  ])('may be a header: %s', (text, header) => {
    expect(parseHeader(text)).toEqual(header);
  });

  it.each([
    ['ws://localhost:5000/ws?a=b', 'ws://localhost:5000/ws?a=b'],
    ['wss://localhost', 'wss://localhost/'],
    ['http://localhost/ws', 'ws://localhost/ws'],
    ['https://[::1]:5001/ws', 'wss://[::1]:5001/ws'],
    ['ws+unix:/run/a.sock:/ws?a=b', 'ws+unix:/run/a.sock:/ws?a=b'],
    ['wss+unix:a.sock', 'wss+unix:a.sock'],
  ])('may be an address: %s', (text, href) => {
    expect(parseUrl(text).href).toBe(href);
  });

  it.each([
    ['proxy.example:3128', 'http://proxy.example:3128/'],
    ['me:secret@proxy.example', 'http://me:secret@proxy.example/'],
    ['https://proxy.example', 'https://proxy.example/'],
    ['socks5h://proxy.example', 'socks5h://proxy.example'],
  ])('may be a proxy: %s', (text, href) => {
    expect(parseProxy(text).href).toBe(href);
  });

  it.each([
    ['localhost:5000/ws', 'ws://localhost:5000/ws'],
    ['a.example?b=c', 'ws://a.example?b=c'],
    ['//a.example/', 'ws://a.example/'],
    [':42999/echo', 'ws://localhost:42999/echo'],
    ['42999', 'ws://localhost:42999'],
    ['wss//a.example', 'wss://a.example'],
    ['http://unix:/run/a.sock', 'ws+unix:/run/a.sock'],
  ])('has a valid suggestion: %s', (text, suggestion) => {
    expect(() => parseUrl(text)).toThrow(`Did you mean ${suggestion}?`);
    expect(() => parseUrl(suggestion)).not.toThrow();
  });

  it.each(['localhost:99999', ':x', 'a b', 'ftp://a.example', 'ws+unix:', '/', 'me:secret@a.example', 'a.example#b'])(
    'has no suggestion: %s',
    (text) => {
      expect(() => parseUrl(text)).not.toThrow('Did you mean');
    },
  );

  it.each([
    [parseTime, ['', '600h']],
    [parseMessageSize, ['', '101MiB', '1GiB']],
    [parseCount, ['', '0', '-1', '1.5', '1e3', '99999999999999999999']],
    [parseRate, ['', '0', '-1', '1e3', 'Infinity']],
    [
      parseHeader,
      ['', 'X-A', ': a', 'X A: b', 'X-A: b\nX-B: c', 'X-A: €', 'Connection: close', 'sec-websocket-key: a'],
    ],
    [parseSubprotocol, ['', 'a b', 'a,b', 'ä']],
    [parseUrl, ['', 'localhost', 'localhost:5000', '//localhost', 'ftp://localhost', 'ws://', 'ws://localhost/#a']],
    [parseUrl, ['ws+unix:', 'ws+unix://localhost/a', 'http://unix:/a.sock', 'ws+unix:/a.sock:/#a']],
    [parseProxy, ['', ':3128', 'socks4://localhost', 'ftp://localhost', 'socks5://', `socks5://${'a'.repeat(256)}@b`]],
    [parseConnectTo, ['', 'localhost', ':1', 'a:b', '::1:5', 'localhost:99999', 'a@b:1', 'ws://a:1', 'a:1/']],
    [parseServername, ['', '127.0.0.1', '::1', 'a b', 'a/b', 'a:1', '.']],
  ])('is rejected by %p', (parse: (text: string) => unknown, texts) => {
    for (const text of texts) {
      expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'commander.invalidArgument' }));
    }
  });
});
