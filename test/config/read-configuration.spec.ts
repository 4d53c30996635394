import { availableParallelism } from 'node:os';
import { hasSafeHttp2, NODE_RELEASE } from '../../src/config/node-release.js';
import { ConfigurationError, readConfiguration, redacted } from '../../src/config/read-configuration.js';
import { resolveWebSocketOptions } from '../../libs/websockets/src/nest/module-options.js';

function messageOf(environment: Record<string, string>, commandLine?: { urls?: string }): string {
  try {
    readConfiguration(environment, commandLine);
  } catch (error) {
    if (error instanceof ConfigurationError) {
      return error.message;
    }
    throw error;
  }
  throw new Error('The configuration was accepted.');
}

describe('The configuration', () => {
  it('has a default for every option', () => {
    expect(readConfiguration({})).toEqual({
      listenOn: [{ scheme: 'http', host: 'localhost', port: 5000 }],
      http2: hasSafeHttp2(NODE_RELEASE),
      proxyProtocol: false,
      logLevel: 'log',
      logFormat: 'text',
      accessLog: 'all',
      workers: 1,
      diagnostics: true,
      lab: false,
      labMaxConnections: 100,
      labMaxTime: 600_000,
      labMaxBytes: 4 * 1024 ** 3,
      chatQueueMessages: 1000,
      chatQueueSize: 1_048_576,
      chatWhenQueueFull: 'drop-oldest',
      chatPresenceLimit: 100,
      webSockets: {
        keepAliveInterval: 120_000,
        keepAliveTimeout: 20_000,
        receiveTimeout: 0,
        receiveBufferSize: 65_536,
        sendBufferSize: 65_536,
        maxMessageSize: 1_048_576,
        closeTimeout: 30_000,
        shutdownTimeout: 30_000,
        drainDelay: 0,
        drainSpread: 0,
        requireOrigin: false,
        maxConnections: 0,
        maxConnectionsPerAddress: 0,
        maxMessagesPerSecond: 0,
        dangerousEnableCompression: false,
      },
    });
  });

  it('uses the defaults of the library', () => {
    expect(resolveWebSocketOptions()).toMatchObject(readConfiguration({}).webSockets);
  });

  it('is frozen', () => {
    const configuration = readConfiguration({});

    expect(Object.isFrozen(configuration)).toBe(true);
    expect(Object.isFrozen(configuration.webSockets)).toBe(true);
    expect(Object.isFrozen(configuration.listenOn)).toBe(true);
  });

  it.each([
    ['URLS', 'http://*:8080', { listenOn: [{ scheme: 'http', host: '*', port: 8080 }] }],
    ['PORT', '8080', { listenOn: [{ scheme: 'http', host: '0.0.0.0', port: 8080 }] }],
    ['PORT', '\\\\.\\pipe\\name', { listenOn: [{ path: '\\\\.\\pipe\\name' }] }],
    ['URLS', 'https://localhost:5001', { listenOn: [{ scheme: 'https', host: 'localhost', port: 5001 }] }],
    ['HTTP2', 'true', { http2: true }],
    ['HTTP2', 'False', { http2: false }],
    ['XDG_CACHE_HOME', '/var/cache', { xdgCacheHome: '/var/cache' }],
    ['LAB', 'true', { lab: true }],
    ['LAB', 'loopback', { lab: 'loopback' }],
    ['DIAGNOSTICS', 'true', { diagnostics: true }],
    ['DIAGNOSTICS', 'false', { diagnostics: false }],
    ['WORKERS', 'auto', { workers: availableParallelism() }],
    ['LOG_LEVEL', 'debug', { logLevel: 'debug' }],
    ['LOG_LEVEL', 'INFO', { logLevel: 'log' }],
    ['LOG_LEVEL', 'off', { logLevel: 'off' }],
    ['LOG_FORMAT', 'json', { logFormat: 'json' }],
    ['RECEIVE_BUFFER_SIZE', '4096', { webSockets: { receiveBufferSize: 4096 } }],
    ['SEND_BUFFER_SIZE', '0', { webSockets: { sendBufferSize: 0 } }],
    ['MAX_MESSAGE_SIZE', '16MiB', { webSockets: { maxMessageSize: 16_777_216 } }],
    ['CLOSE_TIMEOUT', '500ms', { webSockets: { closeTimeout: 500 } }],
    ['SHUTDOWN_TIMEOUT', ' 2m ', { webSockets: { shutdownTimeout: 120_000 } }],
    ['KEEP_ALIVE_INTERVAL', '30s', { webSockets: { keepAliveInterval: 30_000 } }],
    ['KEEP_ALIVE_TIMEOUT', '0', { webSockets: { keepAliveTimeout: 0 } }],
    ['RECEIVE_TIMEOUT', '1m', { webSockets: { receiveTimeout: 60_000 } }],
    ['ALLOWED_ORIGINS', 'https://a.com', { webSockets: { allowedOrigins: ['https://a.com'] } }],
    [
      'ALLOWED_ORIGINS',
      'https://*.a.com, same-origin,',
      { webSockets: { allowedOrigins: ['https://*.a.com', 'same-origin'] } },
    ],
    ['ALLOWED_ORIGINS', '*', { webSockets: { allowedOrigins: ['*'] } }],
    ['REQUIRE_ORIGIN', 'TRUE', { webSockets: { requireOrigin: true } }],
    ['REQUIRE_ORIGIN', 'false', { webSockets: { requireOrigin: false } }],
    ['MAX_CONNECTIONS', '10000', { webSockets: { maxConnections: 10_000 } }],
    ['MAX_CONNECTIONS_PER_ADDRESS', '10', { webSockets: { maxConnectionsPerAddress: 10 } }],
    ['MAX_MESSAGES_PER_SECOND', '0', { webSockets: { maxMessagesPerSecond: 0 } }],
    ['COMPRESSION', 'true', { webSockets: { dangerousEnableCompression: true } }],
    ['REDIS_URL', 'redis://localhost', { redisUrl: 'redis://localhost' }],
    ['CHAT_QUEUE_MESSAGES', '1', { chatQueueMessages: 1 }],
    ['CHAT_QUEUE_SIZE', '64KiB', { chatQueueSize: 65_536 }],
    ['CHAT_WHEN_QUEUE_FULL', 'Close', { chatWhenQueueFull: 'close' }],
    ['CHAT_PRESENCE_LIMIT', '0', { chatPresenceLimit: 0 }],
  ])('accepts %s=%s', (variable, value, expected) => {
    expect(readConfiguration({ [variable]: value })).toMatchObject(expected);
  });

  it.each([
    ['URLS', 'http://localhost:5000/chat', 'http://host:port'],
    ['URLS', 'https://localhost:5001/chat', 'http://host:port or https://host:port'],
    ['URLS', 'localhost:5000', 'http://host:port'],
    ['PORT', '70000', 'a port number from 0 to 65535'],
    ['HTTP2', 'yes', 'true or false'],
    ['LOG_LEVEL', 'loud', 'verbose, debug, log, info, warn, error, fatal, or off'],
    ['LOG_FORMAT', 'xml', 'text or json'],
    ['RECEIVE_BUFFER_SIZE', '0', 'a size such as 4096, 64KiB, 1MiB or 1GiB, at least 1'],
    ['SEND_BUFFER_SIZE', '64KB', 'a size such as 4096, 64KiB, 1MiB or 1GiB'],
    ['MAX_MESSAGE_SIZE', 'unlimited', 'a size such as 4096, 64KiB, 1MiB or 1GiB, at least 1'],
    ['CLOSE_TIMEOUT', '5 seconds', 'a duration such as 500ms, 1.5s, 2m, 1h or 0'],
    ['SHUTDOWN_TIMEOUT', '30d', 'a duration such as 500ms, 1.5s, 2m, 1h or 0'],
    ['KEEP_ALIVE_INTERVAL', 'never', 'a duration such as 500ms, 1.5s, 2m, 1h or 0'],
    ['KEEP_ALIVE_TIMEOUT', '-1', 'a duration such as 500ms, 1.5s, 2m, 1h or 0'],
    ['RECEIVE_TIMEOUT', '1d', 'a duration such as 500ms, 1.5s, 2m, 1h or 0'],
    ['ALLOWED_ORIGINS', 'a.com', 'origins such as https://client.com'],
    ['ALLOWED_ORIGINS', 'https://a.com,https://b.com/chat', 'origins such as https://client.com'],
    ['ALLOWED_ORIGINS', ',', 'origins such as https://client.com'],
    ['REQUIRE_ORIGIN', 'yes', 'true or false'],
    ['MAX_CONNECTIONS', '-1', 'a whole number such as 1000, or 0 for no limit'],
    ['MAX_CONNECTIONS_PER_ADDRESS', '1.5', 'a whole number such as 1000, or 0 for no limit'],
    ['MAX_MESSAGES_PER_SECOND', '1e3', 'a whole number such as 1000, or 0 for no limit'],
    ['COMPRESSION', 'on', 'true or false'],
    ['REDIS_URL', 'localhost:6379', 'redis://host:port or rediss://user:password@host:port'],
    ['CHAT_QUEUE_MESSAGES', '0', 'a whole number such as 1000, at least 1'],
    ['CHAT_QUEUE_SIZE', '0', 'a size such as 4096, 64KiB, 1MiB or 1GiB, at least 1'],
    ['CHAT_WHEN_QUEUE_FULL', 'drop', 'drop-oldest or close'],
    ['WORKERS', 'all', 'a whole number from 1 to 256, or auto for one per processor'],
    ['CHAT_PRESENCE_LIMIT', 'all', 'a whole number such as 1000, or 0 for no limit'],
  ])('refuses %s=%s, and says what it accepts', (variable, value, accepted) => {
    expect(messageOf({ [variable]: value })).toContain(`${variable} is "${value}"; accepted: ${accepted}`);
  });

  it('turns the lab and the diagnostics off with several workers, and refuses to turn them on', () => {
    expect(readConfiguration({ WORKERS: '2' }, { labOnLoopback: true })).toMatchObject({
      workers: 2,
      lab: false,
      diagnostics: false,
    });
    expect(messageOf({ WORKERS: '2', LAB: 'true' })).toContain('LAB is "true"; accepted: false with WORKERS above 1');
    expect(messageOf({ WORKERS: '2', DIAGNOSTICS: 'true' })).toContain(
      'DIAGNOSTICS is "true"; accepted: false with WORKERS above 1',
    );
  });

  it('hides passwords in errors', () => {
    const message = messageOf({ REDIS_URL: 'redis://chat:secret@redis:6379/x' });

    expect(message).toContain('REDIS_URL is "redis://***@redis:6379/x"; accepted: ');
    expect(message).not.toContain('secret');
  });

  it('accepts TLS_CERT and TLS_KEY together', () => {
    expect(readConfiguration({ TLS_CERT: 'a.crt', TLS_KEY: 'a.key' })).toMatchObject({
      tlsCert: 'a.crt',
      tlsKey: 'a.key',
    });
  });

  it.each([
    ['TLS_CERT', 'a PEM file, together with TLS_KEY'],
    ['TLS_KEY', 'a PEM file, together with TLS_CERT'],
  ])('refuses %s alone', (variable, accepted) => {
    expect(messageOf({ [variable]: '/etc/tls.pem' })).toContain(`${variable} is "/etc/tls.pem"; accepted: ${accepted}`);
  });

  it('lists all invalid values in one error', () => {
    const message = messageOf({ PORT: 'eighty', CLOSE_TIMEOUT: 'soon', LOG_FORMAT: 'text' }, { urls: 'nowhere' });

    expect(message.split('\n')).toEqual([
      'The configuration has bad values:',
      expect.stringContaining('--urls is "nowhere"'),
      expect.stringContaining('PORT is "eighty"'),
      expect.stringContaining('CLOSE_TIMEOUT is "soon"'),
    ]);
  });

  it.each([
    [{ TLS_CERT: 'a.crt', PORT: '70000' }, ['PORT is "70000"', 'TLS_CERT is "a.crt"']],
    [{ TLS_KEY: 'a.key', LOG_LEVEL: 'loud' }, ['LOG_LEVEL is "loud"', 'TLS_KEY is "a.key"']],
    [{ TLS_CERT: 'a.crt', CLOSE_TIMEOUT: 'soon' }, ['CLOSE_TIMEOUT is "soon"', 'TLS_CERT is "a.crt"']],
    [{ TLS_CERT: 'a.crt', TLS_KEY: 'a.key', PORT: '70000' }, ['PORT is "70000"']],
  ])('lists a missing option and an invalid value in one error: %j', (environment, faults) => {
    expect(messageOf(environment).split('\n').slice(1)).toEqual(
      faults.map((fault) => expect.stringContaining(`  ${fault}; accepted: `) as string),
    );
  });

  it('treats an empty variable as unset', () => {
    expect(readConfiguration({ URLS: '', PORT: ' ', LOG_FORMAT: '', SHUTDOWN_TIMEOUT: '' })).toEqual(
      readConfiguration({}),
    );
  });

  it('prefers --urls to URLS, and URLS to PORT', () => {
    const environment = { URLS: 'http://localhost:2', PORT: '3' };

    expect(readConfiguration(environment, { urls: 'http://localhost:1' }).listenOn).toEqual([
      { scheme: 'http', host: 'localhost', port: 1 },
    ]);
    expect(readConfiguration(environment).listenOn).toEqual([{ scheme: 'http', host: 'localhost', port: 2 }]);
    expect(readConfiguration({ ...environment, URLS: '' }).listenOn).toEqual([
      { scheme: 'http', host: '0.0.0.0', port: 3 },
    ]);
  });

  const byDefault = { scheme: 'http', host: 'localhost', port: 5000 };
  const passed = { scheme: 'http', fd: 3 };
  it.each<[what: string, environment: Record<string, string>, listenOn: object[]]>([
    ['listens on sockets that systemd passes, and not on the default address', {}, [passed]],
    ['listens on other addresses, too', { PORT: '1' }, [{ scheme: 'http', host: '0.0.0.0', port: 1 }, passed]],
    ['takes the scheme of their names', { LISTEN_FDNAMES: 'https' }, [{ ...passed, scheme: 'https' }]],
    ['leaves alone the sockets of another process', { LISTEN_PID: '1' }, [byDefault]],
    ['needs the number of sockets', { LISTEN_FDS: '' }, [byDefault]],
  ])('%s', (_what, environment, listenOn) => {
    const bySystemd = { LISTEN_PID: String(process.pid), LISTEN_FDS: '1' };

    expect(readConfiguration({ ...bySystemd, ...environment }).listenOn).toEqual(listenOn);
  });
});

it.each([
  ['redis://:secret@host:6379', 'redis://***@host:6379'],
  ['rediss://user:secret@host', 'rediss://***@host'],
  ['redis://user:sec@re/t@host', 'redis://***@host'],
  ['redis//:secret@host', '***@host'],
  [':secret@', '***@'],
  ['redis://host:6379', 'redis://host:6379'],
  ['redis://user:ge#heim', 'redis://***'],
  ['redis://user@host?password=secret', 'redis://***'],
  ['redis://:secret', 'redis://***'],
  ['redis://user:123456', 'redis://***'],
  ['rediss://host?password=secret', 'rediss://***'],
  ['redis://host:6379/1?password=secret', 'redis://***'],
  ['redis://[::1]:6379/x', 'redis://[::1]:6379/x'],
  ['redis://host:70000', 'redis://host:70000'],
  ['redis://host/chat', 'redis://host/chat'],
  ['http://host:port?query', 'http://host:port?query'],
  ['', ''],
])('The log hides credentials: %j appears as %j', (text, expected) => {
  expect(redacted(text)).toBe(expected);
});
