import { z } from 'zod';
import { byteSize, positiveByteSize } from './byte-size.js';
import { choice } from './choice.js';
import { duration, positiveDuration } from './duration.js';
import { flag } from './flag.js';
import { isLoopback, parseUrls, port, urls } from './listen-address.js';
import { hasSafeHttp2, NODE_RELEASE, RECOMMENDED_NODE_RELEASE } from './node-release.js';
import { origins } from './origins.js';
import { redisUrl } from './redis-url.js';
import { limit, positiveNumber } from './whole-number.js';

/*
 * Every option of the application, by its name in the code. Its environment variable is the same name in capitals
 * (`closeTimeout` is CLOSE_TIMEOUT) unless `meta` says otherwise, so a new option is one entry in one of these two tables.
 */

const webSocketOptions = z.object({
  keepAliveInterval: duration.prefault('2m').describe('how long a connection may be silent before it is probed'),
  keepAliveTimeout: duration.prefault('20s').describe('how long the answer to that may take; 0 waits for ever'),
  receiveTimeout: duration.prefault('0').describe('how long a client may send no message; 0 for as long as it likes'),
  receiveBufferSize: positiveByteSize.prefault('64KiB').describe('largest fragment that is echoed at once'),
  sendBufferSize: byteSize.prefault('64KiB').describe('how much may wait to be sent before reading pauses'),
  maxMessageSize: positiveByteSize.prefault('1MiB').describe('largest message that is collected as a whole'),
  closeTimeout: duration.prefault('30s').describe('how long a close may take before the connection is cut'),
  shutdownTimeout: duration.prefault('30s').describe('how long connections have to end when the server shuts down'),
  allowedOrigins: origins.optional().describe('origins that may open WebSockets, a comma list (default: all)'),
  requireOrigin: flag.prefault('false').describe('whether WebSockets need an Origin header, which browsers send'),
  maxConnections: limit.prefault('0').describe('how many WebSockets there may be; 0 for any number'),
  maxConnectionsPerAddress: limit.prefault('0').describe('how many one client address may have; 0 for any number'),
  maxMessagesPerSecond: limit.prefault('0').describe('how many messages a second are read of each; 0 for any number'),
  dangerousEnableCompression: flag
    .prefault('false')
    .meta({ variable: 'COMPRESSION', description: 'whether messages are compressed with clients that offer it' }),
});

const defaultUrls = 'http://localhost:5000';

const applicationOptions = z.object({
  urls: urls.optional().describe(`what to listen on, as --urls has it (default: ${defaultUrls})`),
  port: port.optional().describe('where neither --urls nor URLS is given: the port to listen on at 0.0.0.0'),
  tlsCert: z
    .string()
    .optional()
    .describe('where the certificate for https is, a PEM file (default: a self-signed one)'),
  tlsKey: z.string().optional().describe('where its private key is, a PEM file'),
  http2: flag
    .optional()
    .describe(`whether https offers HTTP/2 (default: true from Node.js ${RECOMMENDED_NODE_RELEASE} on, else false)`),
  xdgCacheHome: z.string().optional().describe('where the self-signed certificate is kept (default: ~/.cache)'),
  logLevel: choice('verbose', 'debug', 'log', 'info', 'warn', 'error', 'fatal', 'off')
    .transform((level) => (level === 'info' ? 'log' : level))
    .prefault('log')
    .describe('least level that is logged: verbose, debug, log, warn, error, fatal or off'),
  logFormat: choice('text', 'json').prefault('text').describe('text, or json for one JSON object per line'),
  lab: choice('true', 'false', 'loopback')
    .prefault('false')
    .describe(
      'whether /lab is there, a server that misbehaves on command: true, false, or loopback for where every address is one',
    ),
  labMaxConnections: positiveNumber.prefault('100').describe('how many connections /lab takes at once'),
  labMaxTime: positiveDuration.prefault('10m').describe('how long one of them lasts at most'),
  labMaxBytes: positiveByteSize.prefault('4GiB').describe('how many bytes one of them is sent at most'),
  redisUrl: redisUrl.optional().describe('where the servers of the chat meet (default: nowhere, there is one server)'),
  chatQueueMessages: positiveNumber
    .prefault('1000')
    .describe('how many messages may wait for a slow client of the chat'),
  chatQueueSize: positiveByteSize.prefault('1MiB').describe('how many bytes of them may wait'),
  chatWhenQueueFull: choice('drop-oldest', 'close')
    .prefault('drop-oldest')
    .describe('what happens when more would wait: drop-oldest, or close with 1013'),
  chatPresenceLimit: limit.prefault('100').describe('up to how many in a room are told who comes and goes; 0 for any'),
});

/** Turns the texts of the options into the configuration. */
export const configurationSchema = applicationOptions
  .extend({ webSockets: webSocketOptions.readonly() })
  .superRefine(
    ({ tlsCert, tlsKey }, context) => {
      if ((tlsCert === undefined) !== (tlsKey === undefined)) {
        const [path, missing] = tlsKey === undefined ? ['tlsCert', 'TLS_KEY'] : ['tlsKey', 'TLS_CERT'];
        context.addIssue({ code: 'custom', path: [path], message: `a PEM file, together with ${missing}` });
      }
    },
    // Also where another option is wrong: one error names them all.
    { when: () => true },
  )
  .transform(({ urls: fromUrls, port: fromPort, http2, lab, ...rest }) => {
    const listenOn = Object.freeze(fromUrls ?? fromPort ?? parseUrls(defaultUrls) ?? []);
    return {
      ...rest,
      http2: http2 ?? hasSafeHttp2(NODE_RELEASE),
      lab: lab === 'true' || (lab === 'loopback' && listenOn.every(isLoopback)),
      listenOn,
    };
  })
  .readonly();

/** The options of the application, typed, valid and frozen; durations in ms, sizes in bytes. */
export type Configuration = z.output<typeof configurationSchema>;

/** Injects the `Configuration`. */
export const CONFIGURATION = Symbol('CONFIGURATION');

/** An option as people set it. */
export interface OptionDescription {
  /** Its name in the code: `closeTimeout`. */
  name: string;
  /** Its environment variable: `CLOSE_TIMEOUT`. */
  variable: string;
  /** What it does, and its default. */
  description: string;
}

/** All options, in the order of the tables. */
export const optionDescriptions: readonly OptionDescription[] = Object.entries({
  ...applicationOptions.shape,
  ...webSocketOptions.shape,
}).map(([name, option]) => ({
  name,
  variable: (option.meta()?.['variable'] as string | undefined) ?? name.replace(/[A-Z]/g, '_$&').toUpperCase(),
  description: [
    option.description,
    ...('defaultValue' in option.def ? [`(default: ${option.def.defaultValue})`] : []),
  ].join(' '),
}));
