import { problemWithUrl, webSocketUrlOf } from '../../../../client/page/connection/websocket-url.js';

describe('The address of an endpoint', () => {
  it.each([
    ['/ws', 'http://localhost:5000/', 'ws://localhost:5000/ws'],
    ['/rpc', 'https://localhost:5001/', 'wss://localhost:5001/rpc'],
    ['/', 'https://echo.example.com/', 'wss://echo.example.com/'],
    ['/ws', 'http://[::1]:5000/index.html?a=b', 'ws://[::1]:5000/ws'],
  ])('for the path %s on a page at %s is %s', (path, page, expected) => {
    expect(webSocketUrlOf(new URL(page), path)).toBe(expected);
  });
});

describe('A URL in the URL box', () => {
  it.each(['ws://localhost:5000/ws', 'wss://example.com', 'WSS://EXAMPLE.COM/ws?a=b', 'ws://[::1]/ws'])(
    'is accepted: %s',
    (url) => {
      expect(problemWithUrl(url)).toBeUndefined();
    },
  );

  it.each([
    ['', 'Enter the URL of a WebSocket server'],
    ['  ', 'Enter the URL of a WebSocket server'],
    ['hello', '"hello" is not a valid URL.'],
    ['/ws', '"/ws" is not a valid URL.'],
    ['ws://', '"ws://" is not a valid URL.'],
    ['localhost:5000/ws', '"localhost:5000/ws" is not a WebSocket URL. It has to start with ws:// or wss://.'],
    ['http://localhost/ws', '"http://localhost/ws" is not a WebSocket URL. It has to start with ws:// or wss://.'],
    ['ws://localhost/ws#part', '"ws://localhost/ws#part" has a fragment (#).'],
    ['ws://localhost/ws#', '"ws://localhost/ws#" has a fragment (#).'],
  ])('is rejected with a reason: "%s"', (url, problem) => {
    expect(problemWithUrl(url)).toContain(problem);
  });
});
