import { optionDescriptions } from '../../src/config/configuration.js';

it('Every option has an environment variable', () => {
  expect(optionDescriptions.map(({ variable }) => variable)).toEqual([
    'URLS',
    'PORT',
    'LISTEN_FDS',
    'LISTEN_PID',
    'LISTEN_FDNAMES',
    'PROXY_PROTOCOL',
    'TLS_CERT',
    'TLS_KEY',
    'HTTP2',
    'XDG_CACHE_HOME',
    'WORKERS',
    'LOG_LEVEL',
    'LOG_FORMAT',
    'ACCESS_LOG',
    'DIAGNOSTICS',
    'LAB',
    'LAB_MAX_CONNECTIONS',
    'LAB_MAX_TIME',
    'LAB_MAX_BYTES',
    'REDIS_URL',
    'CHAT_QUEUE_MESSAGES',
    'CHAT_QUEUE_SIZE',
    'CHAT_WHEN_QUEUE_FULL',
    'CHAT_PRESENCE_LIMIT',
    'KEEP_ALIVE_INTERVAL',
    'KEEP_ALIVE_TIMEOUT',
    'RECEIVE_TIMEOUT',
    'RECEIVE_BUFFER_SIZE',
    'SEND_BUFFER_SIZE',
    'MAX_MESSAGE_SIZE',
    'CLOSE_TIMEOUT',
    'SHUTDOWN_TIMEOUT',
    'DRAIN_DELAY',
    'DRAIN_SPREAD',
    'ALLOWED_ORIGINS',
    'REQUIRE_ORIGIN',
    'MAX_CONNECTIONS',
    'MAX_CONNECTIONS_PER_ADDRESS',
    'TRUST_PROXY',
    'MAX_MESSAGES_PER_SECOND',
    'COMPRESSION',
  ]);
});

it('Every option has a description, with its default if there is one', () => {
  for (const { variable, description } of optionDescriptions) {
    expect(description).toMatch(['PORT', 'TLS_KEY'].includes(variable) ? /\w/ : /\w \(default: .+\)$/);
  }
});
