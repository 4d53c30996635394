import {
  checkOwnPortOptions,
  readGatewayOptions,
  type GatewayOptions,
} from '../../../../libs/websockets/src/nest/gateway-options.js';
import type { Gateway } from '../../../../libs/websockets/src/nest/gateways.js';
import {
  CONNECTION_DEFAULTS,
  type WebSocketConnectionOptions,
} from '../../../../libs/websockets/src/connection/web-socket-options.js';

const gatewayWith = (options: Record<string, unknown>, name = 'TheGateway'): Gateway => ({
  name,
  path: (options.path ?? '') as string,
  port: 0,
  options,
  module: 'AppModule',
  instance: {},
  isStatic: true,
  isSingleton: true,
});

const read = (options: Record<string, unknown>, isRaw = false): GatewayOptions =>
  readGatewayOptions([gatewayWith(options)], isRaw, CONNECTION_DEFAULTS);

const faultOf = (message: unknown): Error =>
  expect.objectContaining({ name: 'WebSocketError', code: 'WS_INVALID_OPTION', message });

describe('readGatewayOptions', () => {
  it.each<[string, Record<string, unknown>, WebSocketConnectionOptions]>([
    ['a path', { path: '/x' }, {}],
    ['undefined', { maxPayload: undefined, cors: undefined }, {}],
    ['null for a hook, which is the default of ws', { verifyClient: null, handleProtocols: null }, {}],
    [
      'options of ws with the only possible value',
      { noServer: true, clientTracking: true, autoPong: true, skipUTF8Validation: false },
      {},
    ],
    ['maxPayload', { maxPayload: 1000 }, { maxMessageSize: 1000 }],
    ['a maxPayload of 0, which is no limit', { maxPayload: 0 }, { maxMessageSize: Number.MAX_SAFE_INTEGER }],
    ['closeTimeout', { closeTimeout: 5 }, { closeTimeout: 5 }],
    ['perMessageDeflate', { perMessageDeflate: true }, { dangerousEnableCompression: true }],
    ['perMessageDeflate: false', { perMessageDeflate: false }, { dangerousEnableCompression: false }],
    [
      'parameters of perMessageDeflate',
      { perMessageDeflate: { serverNoContextTakeover: true, serverMaxWindowBits: 10 } },
      { dangerousEnableCompression: true, disableServerContextTakeover: true, serverMaxWindowBits: 10 },
    ],
    [
      'options of a connection',
      { maxMessageSize: 7, keepAliveInterval: 1 },
      { maxMessageSize: 7, keepAliveInterval: 1 },
    ],
  ])('accepts %s', (_what, options, connection) => {
    expect(read(options)).toEqual({
      verifyClient: undefined,
      handleProtocols: undefined,
      connection: { ...CONNECTION_DEFAULTS, ...connection },
    });
  });

  it('accepts hooks', () => {
    const verifyClient = (): boolean => true;
    const handleProtocols = (): false => false;
    expect(read({ verifyClient, handleProtocols }, true)).toEqual({
      verifyClient,
      handleProtocols,
      connection: CONNECTION_DEFAULTS,
    });
  });

  it.each<[Record<string, unknown>, string]>([
    [{ noServer: false }, 'the option noServer is false, but must be true'],
    [{ clientTracking: false }, 'the option clientTracking is false, but must be true'],
    [{ autoPong: false }, 'the option autoPong is false, but must be true: pings are always answered'],
    [{ skipUTF8Validation: true }, 'the option skipUTF8Validation is true, but must be false'],
    [{ allowSynchronousEvents: false }, 'the option allowSynchronousEvents is false, but must be true'],
    [{ server: {} }, 'the option server cannot be used: the gateway has the HTTP server of the application'],
    [{ port: 8080 }, 'the option port cannot be used: write the port first'],
    [{ host: '::1' }, 'the option host cannot be used: give it to app.listen()'],
    [{ backlog: 5 }, 'the option backlog cannot be used: give it to app.listen()'],
    [{ namespace: 'chat' }, 'the option namespace cannot be used: use a path of its own'],
    [{ cors: true }, 'the option cors cannot be used: use allowedOrigins of WebSocketsModule'],
    [{ WebSocket: Object }, 'the option WebSocket cannot be used: the clients are of the class WsCompatibleClient'],
    [{ maxFragments: 5 }, 'the option maxFragments cannot be used'],
    [{ maxBufferedChunks: 5 }, 'the option maxBufferedChunks cannot be used'],
    [{ maxPendingAutoPongs: 5 }, 'the option maxPendingAutoPongs cannot be used'],
    [{ allowedOrigins: [] }, 'the option allowedOrigins cannot be used: use it in WebSocketsModule'],
    [{ pingInterval: 5 }, 'the option pingInterval cannot be used: use keepAliveInterval'],
    [{ transports: ['polling'] }, 'transports is not an option'],
    [{ mistyped: 5 }, 'mistyped is not an option'],
    [{ maxPayload: -1 }, 'maxMessageSize is -1, but must be a whole number of bytes'],
    [{ maxPayload: 5, maxMessageSize: 6 }, 'the option maxPayload cannot be used: maxMessageSize is given'],
    [{ perMessageDeflate: 5 }, 'the option perMessageDeflate is 5, but must be a boolean or an object'],
    [{ perMessageDeflate: { threshold: 5 } }, 'the option perMessageDeflate.threshold cannot be used'],
    [{ perMessageDeflate: { serverMaxWindowBits: 8 } }, 'serverMaxWindowBits is 8, but must be a whole number'],
    [{ verifyClient: true }, 'the option verifyClient is true, but must be a function'],
    [{ handleProtocols: ['a'] }, "the option handleProtocols is [ 'a' ], but must be a function"],
  ])('rejects %p by name, and says what to do instead', (options, fault) => {
    expect(() => read(options)).toThrow(faultOf(expect.stringMatching(/^TheGateway: .*\.$/)));
    expect(() => read(options)).toThrow(fault);
  });

  it('lists all faults at once', () => {
    expect(() => read({ cors: true, autoPong: false })).toThrow(
      faultOf(expect.stringMatching(/the option cors .*; the option autoPong /)),
    );
  });

  it('rejects maxPayload for a raw gateway, whose receive() has no limit', () => {
    expect(() => read({ maxPayload: 5 }, true)).toThrow(faultOf(expect.stringContaining('use maxMessageSize')));
  });

  it('merges the options of gateways that share a path', () => {
    const gateways = [gatewayWith({ maxPayload: 5 }), gatewayWith({ closeTimeout: 7 }), gatewayWith({ maxPayload: 5 })];
    const { connection } = readGatewayOptions(gateways, false, { ...CONNECTION_DEFAULTS, receiveTimeout: 9 });
    expect(connection).toEqual({ ...CONNECTION_DEFAULTS, maxMessageSize: 5, closeTimeout: 7, receiveTimeout: 9 });
  });

  it('rejects different values of one option for one path', () => {
    const gateways = [gatewayWith({ maxPayload: 5 }, 'One'), gatewayWith({ maxPayload: 6 }, 'Other')];
    expect(() => readGatewayOptions(gateways, false, CONNECTION_DEFAULTS)).toThrow(
      expect.objectContaining({
        code: 'WS_GATEWAY_CONFLICT',
        message: 'One and Other have the same path "", but different values of the option maxPayload.',
      }),
    );
  });
});

describe('checkOwnPortOptions', () => {
  it.each<[Record<string, unknown>]>([
    [{ path: '/x', maxPayload: 5, verifyClient: () => true, autoPong: false }],
    [{ host: '::1', backlog: 5 }],
  ])('leaves %p to WsAdapter', (options) => {
    expect(() => checkOwnPortOptions([gatewayWith(options)])).not.toThrow();
  });

  it.each<[Record<string, unknown>, string]>([
    [
      { path: '/x', host: '::1' },
      'the option host cannot be used: WsAdapter heeds it only where the gateway has no path',
    ],
    [{ namespace: 'chat' }, 'the option namespace cannot be used: WsAdapter serves'],
    [{ server: {} }, 'the option server cannot be used: WsAdapter serves'],
    [{ keepAliveInterval: 5 }, 'the option keepAliveInterval cannot be used: WsAdapter serves'],
    [{ cors: true }, 'the option cors cannot be used: WsAdapter serves'],
  ])('rejects %p, which WsAdapter would ignore', (options, fault) => {
    expect(() => checkOwnPortOptions([gatewayWith(options)])).toThrow(faultOf(expect.stringContaining(fault)));
  });
});
