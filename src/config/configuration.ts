import { z } from 'zod';
import { isLoopback, parseUrls, passedSockets, port, urls } from './listen-address.js';
import { hasSafeHttp2, NODE_RELEASE, RECOMMENDED_NODE_RELEASE } from './node-release.js';
import {
  byteSize,
  choice,
  duration,
  flag,
  limit,
  origins,
  positiveByteSize,
  positiveDuration,
  positiveNumber,
  redisUrl,
  trustProxy,
  workers,
  wholeNumber,
} from './option-values.js';
import { IS_WORKER } from './process-role.js';

/*
 * Every option of the application, by its name in the code. Its environment variable is the same name in upper case
 * (`closeTimeout` is CLOSE_TIMEOUT) unless `meta` names another. A new option is an entry in one of these two tables, a
 * row in docs/options.md, and the code that uses it: for `webSocketOptions` the library, for `applicationOptions` a
 * feature, to which AppModule passes it.
 */

const webSocketOptions = z.object({
  keepAliveInterval: duration
    .prefault('2m')
    .describe('how long a connection may be silent before the server pings it; 0 for never'),
  keepAliveTimeout: duration.prefault('20s').describe('how long the answer to a ping may take; 0 for no limit'),
  receiveTimeout: duration.prefault('0').describe('how long a client may send no message; 0 for no limit'),
  receiveBufferSize: positiveByteSize.prefault('64KiB').describe('largest fragment that a handler receives'),
  sendBufferSize: byteSize
    .prefault('64KiB')
    .describe('how many bytes may wait to be sent before the server stops reading'),
  maxMessageSize: positiveByteSize.prefault('1MiB').describe('largest message that is collected in memory'),
  closeTimeout: duration.prefault('30s').describe('how long a close handshake may take before the connection is cut'),
  shutdownTimeout: duration.prefault('30s').describe('how long connections have to close when the server shuts down'),
  drainDelay: duration
    .prefault('0')
    .describe('how long the server only refuses handshakes before it closes WebSockets at a shutdown'),
  drainSpread: duration.prefault('0').describe('the time over which the closes are spread at a shutdown'),
  allowedOrigins: origins.optional().describe('origins that may open WebSockets, separated by commas (default: all)'),
  requireOrigin: flag.prefault('false').describe('whether a handshake without an Origin header is refused'),
  maxConnections: limit.prefault('0').describe('how many WebSockets may be open; 0 for no limit'),
  maxConnectionsPerAddress: limit
    .prefault('0')
    .describe('how many WebSockets a client address may open; 0 for no limit'),
  trustProxy: trustProxy
    .optional()
    .describe(
      'proxies whose Forwarded and X-Forwarded-* are believed: their number, or addresses separated by commas (default: none)',
    ),
  maxMessagesPerSecond: limit
    .prefault('0')
    .describe('how many messages a second are read from each WebSocket; 0 for no limit'),
  dangerousEnableCompression: flag.prefault('false').meta({
    variable: 'COMPRESSION',
    description: 'whether messages are compressed for clients that offer permessage-deflate',
  }),
});

const defaultUrls = 'http://localhost:5000';

/** The process to which systemd passes sockets: with workers the primary, which listens for them. */
const LISTENING_PROCESS = IS_WORKER ? process.ppid : process.pid;

const applicationOptions = z.object({
  urls: urls.optional().describe(`addresses to listen on, as in --urls (default: ${defaultUrls})`),
  port: port.optional().describe('port to listen on at 0.0.0.0, if neither --urls nor URLS is set'),
  listenFds: wholeNumber.optional().describe('how many sockets systemd passes to LISTEN_PID (default: none)'),
  listenPid: wholeNumber.optional().describe('process to which systemd passes sockets (default: none)'),
  listenFdnames: z
    .string()
    .optional()
    .describe('names of these sockets, separated by ":"; https stands for TLS (default: http)'),
  proxyProtocol: flag
    .prefault('false')
    .describe('whether every connection starts with a header of the PROXY protocol, which tells the client address'),
  tlsCert: z.string().optional().describe('PEM file of the certificate for https (default: a self-signed certificate)'),
  tlsKey: z.string().optional().describe('PEM file of the private key for TLS_CERT'),
  http2: flag
    .optional()
    .describe(`whether https offers HTTP/2 (default: true from Node.js ${RECOMMENDED_NODE_RELEASE} on, else false)`),
  xdgCacheHome: z
    .string()
    .optional()
    .describe('folder in which the self-signed certificate is kept (default: ~/.cache)'),
  workers: workers
    .prefault('1')
    .describe('how many processes serve the addresses together; auto for one per processor'),
  logLevel: choice('verbose', 'debug', 'log', 'info', 'warn', 'error', 'fatal', 'off')
    .transform((level) => (level === 'info' ? 'log' : level))
    .prefault('log')
    .describe('lowest level that is logged: verbose, debug, log, warn, error, fatal or off'),
  logFormat: choice('text', 'json').prefault('text').describe('text, or json for one JSON object a line'),
  accessLog: choice('off', 'refused', 'all')
    .prefault('all')
    .describe('lines about WebSockets at the level log: off, refused for refused handshakes only, or all'),
  diagnostics: flag
    .optional()
    .describe(
      'whether /diagnostics/<id> tells a client what the server sees of its WebSocket (default: true, with several workers false)',
    ),
  lab: choice('true', 'false', 'loopback')
    .prefault('false')
    .describe(
      'whether /lab is served, which misbehaves on command: true, false, or loopback to serve it only to clients on this ' +
        'machine, if every address is a loopback address and there is one worker',
    ),
  labMaxConnections: positiveNumber.prefault('100').describe('how many connections /lab takes at once'),
  labMaxTime: positiveDuration.prefault('10m').describe('how long one of them lasts at most'),
  labMaxBytes: positiveByteSize.prefault('4GiB').describe('how many bytes one of them is sent at most'),
  redisUrl: redisUrl.optional().describe('Redis that connects the chats of several servers (default: none)'),
  chatQueueMessages: positiveNumber.prefault('1000').describe('how many messages may wait for a slow chat client'),
  chatQueueSize: positiveByteSize.prefault('1MiB').describe('how many bytes may wait for a slow chat client'),
  chatWhenQueueFull: choice('drop-oldest', 'close')
    .prefault('drop-oldest')
    .describe('what happens if more would wait: drop-oldest, or close with 1013'),
  chatPresenceLimit: limit
    .prefault('100')
    .describe('largest room in which joins and leaves are announced; 0 for no limit'),
});

/** Parses the texts of the options into the configuration. */
export const configurationSchema = applicationOptions
  .extend({ webSockets: webSocketOptions.readonly() })
  .superRefine(
    ({ tlsCert, tlsKey, lab, diagnostics, workers: count }, context) => {
      if ((tlsCert === undefined) !== (tlsKey === undefined)) {
        const [path, missing] = tlsKey === undefined ? ['tlsCert', 'TLS_KEY'] : ['tlsKey', 'TLS_CERT'];
        context.addIssue({ code: 'custom', path: [path], message: `a PEM file, together with ${missing}` });
      }
      if (lab === 'true' && count > 1) {
        const message = 'false with WORKERS above 1, because the lab is in one process';
        context.addIssue({ code: 'custom', path: ['lab'], message });
      }
      if (diagnostics && count > 1) {
        const message = 'false with WORKERS above 1, because a client and its WebSocket may be at different workers';
        context.addIssue({ code: 'custom', path: ['diagnostics'], message });
      }
    },
    // Checked even if another option is bad: one error names all faults.
    { when: () => true },
  )
  .transform(
    ({ urls: fromUrls, port: fromPort, listenFds, listenPid, listenFdnames, http2, lab, diagnostics, ...rest }) => {
      const passed = listenPid === LISTENING_PROCESS ? passedSockets(listenFds ?? 0, listenFdnames) : [];
      const named = fromUrls ?? fromPort ?? (passed.length > 0 ? [] : parseUrls(defaultUrls));
      const listenOn = Object.freeze([...(named ?? []), ...passed]);
      return {
        ...rest,
        http2: http2 ?? hasSafeHttp2(NODE_RELEASE),
        diagnostics: diagnostics ?? rest.workers === 1,
        lab: lab === 'loopback' ? rest.workers === 1 && listenOn.every(isLoopback) && lab : lab === 'true',
        listenOn,
      };
    },
  )
  .readonly();

/** The options of the application, typed, valid and frozen; durations in ms, sizes in bytes. */
export type Configuration = z.output<typeof configurationSchema>;

/** The injection token of the `Configuration`. */
export const CONFIGURATION = Symbol('CONFIGURATION');

/** An option, as users set it. */
export interface OptionDescription {
  /** Its name in the code: `closeTimeout`. */
  name: string;
  /** Its environment variable: `CLOSE_TIMEOUT`. */
  variable: string;
  /** What it does, and its default. */
  description: string;
}

/** Every option, in the order of the tables. */
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
