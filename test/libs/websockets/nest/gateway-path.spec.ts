import { gatewayPath } from '../../../../libs/websockets/src/nest/gateway-path.js';

describe('gatewayPath', () => {
  it.each([
    // What a request may have for a gateway at /ws
    ['/ws', '/ws'],
    ['/WS', '/ws'],
    ['/ws/', '/ws'],
    ['/ws?x=1', '/ws'],
    ['/ws/?x=/y/', '/ws'],
    ['/ws#fragment', '/ws'],
    ['/%77s', '/ws'],
    ['http://example.com/ws', '/ws'],
    ['HTTPS://example.com:8443/Ws/?x', '/ws'],
    ['ws://example.com/ws', '/ws'],
    ['wss://example.com/ws', '/ws'],
    // What a gateway may be declared with
    ['ws', '/ws'],
    ['', '/'],
    ['/', '/'],
    ['/a/b/', '/a/b'],
    // What has another path
    ['http://example.com', '/'],
    ['http://example.com?x', '/'],
    ['/ws/x', '/ws/x'],
    ['//ws', '//ws'],
    ['//example.com/ws', '//example.com/ws'],
    ['/%2Fws', '//ws'],
    ['/ws%2F', '/ws/'],
    ['/ws%3Fx=1', '/ws?x=1'],
    ['/x?http://example.com/ws', '/x'],
    ['*', '/*'],
    // What cannot be decoded
    ['/%', '/%'],
    ['/%FF', '/%ff'],
    // What is not ASCII
    ['/gr%C3%BC%C3%9Fe', '/grüße'],
    ['/GRÜSSE', '/grüsse'],
  ])('makes of %j %j', (url, path) => {
    expect(gatewayPath(url)).toBe(path);
  });
});
