import { resolveConnectionOptions } from '../../../../libs/websockets/src/connection/web-socket-options.js';
import { resolveWebSocketOptions } from '../../../../libs/websockets/src/nest/module-options.js';

describe('resolveWebSocketOptions', () => {
  const defaults = {
    keepAliveInterval: 120_000,
    keepAliveTimeout: 20_000,
    receiveTimeout: 0,
    receiveBufferSize: 65536,
    sendBufferSize: 65536,
    maxMessageSize: 1048576,
    closeTimeout: 30_000,
    shutdownTimeout: 30_000,
    drainDelay: 0,
    drainSpread: 0,
    allowedOrigins: [],
    requireOrigin: false,
    maxConnections: 0,
    maxConnectionsPerAddress: 0,
    trustProxy: 0,
    sharedLimits: false,
    maxMessagesPerSecond: 0,
    dangerousEnableCompression: false,
    disableServerContextTakeover: false,
    serverMaxWindowBits: 15,
  };

  it.each([[undefined], [{}], [{ closeTimeout: undefined }]])('applies the defaults to %p', (options) => {
    expect(resolveWebSocketOptions(options)).toEqual(defaults);
  });

  it.each([
    [{ receiveBufferSize: 1 }],
    [{ receiveBufferSize: Number.MAX_SAFE_INTEGER }],
    [{ sendBufferSize: 0 }],
    [{ maxMessageSize: 1 }],
    [{ closeTimeout: 0 }],
    [{ shutdownTimeout: 2147483647 }],
    [{ dangerousEnableCompression: true }],
    [{ disableServerContextTakeover: true }],
    [{ serverMaxWindowBits: 9 }],
    [{ keepAliveInterval: 0 }],
    [{ allowedOrigins: ['https://*.client.com', 'same-origin', ''] }],
    [{ requireOrigin: true }],
    [{ trustProxy: ['10.0.0.0/8', 'unix'] }],
    [{ maxConnections: 10, maxConnectionsPerAddress: 2, maxMessagesPerSecond: 100 }],
  ])('accepts %p', (options) => {
    expect(resolveWebSocketOptions(options)).toEqual({ ...defaults, ...options });
  });

  it('returns frozen options', () => {
    expect(Object.isFrozen(resolveWebSocketOptions({ closeTimeout: 1 }))).toBe(true);
  });

  const bytes = 'a whole number of bytes from';
  const ms = 'a whole number of ms from';
  it.each<[string, unknown, string]>([
    ['receiveBufferSize', 0, `receiveBufferSize is 0, but must be ${bytes} 1 to 9007199254740991`],
    ['receiveBufferSize', 1.5, `receiveBufferSize is 1.5, but must be ${bytes} 1 to 9007199254740991`],
    ['sendBufferSize', -1, `sendBufferSize is -1, but must be ${bytes} 0 to 9007199254740991`],
    ['sendBufferSize', NaN, `sendBufferSize is NaN, but must be ${bytes} 0 to 9007199254740991`],
    ['maxMessageSize', 0, `maxMessageSize is 0, but must be ${bytes} 1 to 9007199254740991`],
    ['maxMessageSize', Infinity, `maxMessageSize is Infinity, but must be ${bytes} 1 to 9007199254740991`],
    ['maxMessageSize', 2 ** 53, `maxMessageSize is 9007199254740992, but must be ${bytes} 1 to 9007199254740991`],
    ['closeTimeout', -5, `closeTimeout is -5, but must be ${ms} 0 to 2147483647`],
    ['closeTimeout', 2 ** 31, `closeTimeout is 2147483648, but must be ${ms} 0 to 2147483647`],
    ['closeTimeout', '5s', `closeTimeout is '5s', but must be ${ms} 0 to 2147483647`],
    ['closeTimeout', '5', `closeTimeout is '5', but must be ${ms} 0 to 2147483647`],
    ['closeTimeout', null, `closeTimeout is null, but must be ${ms} 0 to 2147483647`],
    ['closeTimeout', true, `closeTimeout is true, but must be ${ms} 0 to 2147483647`],
    ['closeTimeout', 5n, `closeTimeout is 5n, but must be ${ms} 0 to 2147483647`],
    ['shutdownTimeout', [1], `shutdownTimeout is [ 1 ], but must be ${ms} 0 to 2147483647`],
    ['shutdownTimeout', Object.create(null), `shutdownTimeout is [Object: null prototype] {}, but must be ${ms} 0`],
    ['dangerousEnableCompression', 'yes', "dangerousEnableCompression is 'yes', but must be true or false"],
    ['disableServerContextTakeover', 1, 'disableServerContextTakeover is 1, but must be true or false'],
    ['serverMaxWindowBits', 8, 'serverMaxWindowBits is 8, but must be a whole number of bits from 9 to 15'],
    ['serverMaxWindowBits', 16, 'serverMaxWindowBits is 16, but must be a whole number of bits from 9 to 15'],
    ['keepAliveInterval', -1, `keepAliveInterval is -1, but must be ${ms} 0 to 2147483647`],
    ['allowedOrigins', 'http://a.com', "allowedOrigins is 'http://a.com', but must be a list, each entry of which is"],
    [
      'allowedOrigins',
      ['a.com'],
      "allowedOrigins is [ 'a.com' ], but must be a list, each entry of which is an origin",
    ],
    ['requireOrigin', 'yes', "requireOrigin is 'yes', but must be true or false"],
    ['maxConnections', -1, 'maxConnections is -1, but must be a whole number of connections from 0'],
    ['maxMessagesPerSecond', 0.5, 'maxMessagesPerSecond is 0.5, but must be a whole number of messages from 0'],
    ['closetimeout', 5, 'closetimeout is not an option; there are keepAliveInterval, keepAliveTimeout, '],
    ['toString', 5, 'toString is not an option; there are keepAliveInterval, keepAliveTimeout, '],
  ])('rejects %s = %p, and says what it accepts', (name, value, message) => {
    expect(() => resolveWebSocketOptions({ [name]: value })).toThrow(
      expect.objectContaining({
        name: 'WebSocketError',
        code: 'WS_INVALID_OPTION',
        message: expect.stringContaining(`WebSocketsModule: ${message}`) as string,
      }),
    );
  });

  it('lists all faults at once, in the order of the options', () => {
    expect(() => resolveWebSocketOptions({ pingInterval: 1, closeTimeout: -1, maxMessageSize: 0 } as object)).toThrow(
      /^WebSocketsModule: pingInterval is not an option; .*; closeTimeout is -1, .*; maxMessageSize is 0, [^;]*\.$/,
    );
  });

  it.each([[null], [5], ['text']])('rejects %p as options', (options) => {
    expect(() => resolveWebSocketOptions(options as never)).toThrow(
      expect.objectContaining({
        code: 'WS_INVALID_OPTION',
        message: expect.stringContaining('must be an object') as string,
      }),
    );
  });
});

describe('resolveConnectionOptions', () => {
  const ofModule = resolveWebSocketOptions({ closeTimeout: 1, maxMessageSize: 2 });

  it('overrides the options of the module', () => {
    expect(resolveConnectionOptions({ maxMessageSize: 3 }, ofModule, 'The owner')).toEqual({
      ...ofModule,
      maxMessageSize: 3,
    });
  });

  it.each([[{}], [{ closeTimeout: undefined }]])('returns the options of the module for %p', (options) => {
    expect(resolveConnectionOptions(options, ofModule, 'The owner')).toBe(ofModule);
  });

  it('ignores the other options of the owner', () => {
    expect(resolveConnectionOptions({ other: 1 } as object, ofModule, 'The owner', ['other'])).toBe(ofModule);
  });

  it.each<[object, string]>([
    [{ closeTimeout: -1 }, 'closeTimeout is -1, but must be a whole number of ms from 0 to 2147483647.'],
    [{ shutdownTimeout: 1 }, 'shutdownTimeout is an option of WebSocketsModule alone.'],
    [{ allowedOrigins: [] }, 'allowedOrigins is an option of WebSocketsModule alone.'],
    [{ mistyped: 1 }, 'mistyped is not an option; there are other, keepAliveInterval, '],
  ])('rejects %p, and names the owner', (options, fault) => {
    expect(() => resolveConnectionOptions(options, ofModule, 'The owner', ['other'])).toThrow(
      expect.objectContaining({
        code: 'WS_INVALID_OPTION',
        message: expect.stringContaining(`The owner: ${fault}`) as string,
      }),
    );
  });
});
