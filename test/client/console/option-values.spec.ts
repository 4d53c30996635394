import {
  parseCount,
  parseDuration,
  parseHeader,
  parseProxy,
  parseRate,
  parseSize,
  parseSubprotocol,
  parseUrl,
} from '../../../client/console/option-values.js';

describe('The values of options', () => {
  it.each([
    ['0', 0],
    ['250', 250],
    ['500ms', 500],
    ['1.5s', 1500],
    ['2m', 120_000],
    ['1H', 3_600_000],
  ])('have durations: %s', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each([
    ['0', 0],
    ['4096', 4096],
    ['5b', 5],
    ['64KiB', 65_536],
    ['100MiB', 104_857_600],
  ])('have sizes: %s', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each([
    ['X-A: b', ['X-A', 'b']],
    ['X-A:b', ['X-A', 'b']],
    ['X-A:', ['X-A', '']],
    ['X-A:  b: c  ', ['X-A', 'b: c']],
  ])('have headers: %s', (text, header) => {
    expect(parseHeader(text)).toEqual(header);
  });

  it.each([
    ['ws://localhost:5000/ws?a=b', 'ws://localhost:5000/ws?a=b'],
    ['wss://localhost', 'wss://localhost/'],
    ['http://localhost/ws', 'ws://localhost/ws'],
    ['https://[::1]:5001/ws', 'wss://[::1]:5001/ws'],
  ])('have addresses: %s', (text, href) => {
    expect(parseUrl(text).href).toBe(href);
  });

  it.each([
    [parseDuration, ['', '-1', '1d', 'soon', '25h5', '600h']],
    [parseSize, ['', '-1', '1KB', '1.5KiB', '101MiB', '1GiB']],
    [parseCount, ['', '0', '-1', '1.5', '1e3', '99999999999999999999']],
    [parseRate, ['', '0', '-1', '1e3', 'Infinity']],
    [
      parseHeader,
      ['', 'X-A', ': a', 'X A: b', 'X-A: b\nX-B: c', 'X-A: €', 'Connection: close', 'sec-websocket-key: a'],
    ],
    [parseSubprotocol, ['', 'a b', 'a,b', 'ä']],
    [parseUrl, ['', 'localhost', 'localhost:5000', '//localhost', 'ftp://localhost', 'ws://', 'ws://localhost/#a']],
    [parseProxy, ['', 'localhost:3128', 'socks5://localhost']],
  ])('are refused by %p', (parse: (text: string) => unknown, texts) => {
    for (const text of texts) {
      expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'commander.invalidArgument' }));
    }
  });
});
