import { defaultsOf, flag, number, resolveOptions, type OptionRule, type OptionRules } from './option-rules.js';

/** The longest time that a Node.js timer can wait, in ms: about 24.8 days. */
const MAX_TIMER = 2 ** 31 - 1;

/** The options of a connection: the module has them for all, a gateway for its own, and one accept for its own. */
export interface WebSocketConnectionOptions {
  /**
   * How long a connection may be silent before it is pinged, and pinged again, in ms; 0 never pings. Default 120000
   * (2 minutes). Any byte that comes counts as life. Choose it shorter than the time-outs of proxies in between.
   */
  keepAliveInterval?: number;
  /**
   * How long a peer that was pinged may stay silent, in ms, counted from the first ping. Default 20000. After that the
   * connection is given up without a close frame. It may be longer than `keepAliveInterval`. 0 never gives up: an unsolicited
   * pong is sent every `keepAliveInterval` instead, which is .NET's default.
   */
  keepAliveTimeout?: number;
  /**
   * How long a client may go without sending a message, in ms; 0 for as long as it likes. Default 0. After that it is
   * told 1008 and why. A client that sends a message every X is let go after twice that, says the article.
   */
  receiveTimeout?: number;
  /**
   * The largest fragment that a handler is given, in bytes; 1 or more. Default 65536, what one read brings. 4096 gives
   * the chunks of ASP.NET Core's sample.
   */
  receiveBufferSize?: number;
  /**
   * How many bytes may wait to be sent before the connection stops being read and the promise of `send` waits, in bytes;
   * 0 or more. Default 65536. The socket's own high-water mark (16 KiB, or 64 KiB from Node.js 22 on) is the least that
   * has an effect.
   */
  sendBufferSize?: number;
  /**
   * The largest message that `messages()` and stock gateways collect, in bytes; 1 or more. A larger
   * one closes with 1009. Default 1048576 (1 MiB). `receive` streams, and has no such limit.
   */
  maxMessageSize?: number;
  /**
   * How long a close may take, from the first close frame to the end of the connection, in ms; 0 or more, where 0 does
   * not wait. Default 30000: a client on a slow line has to take what was sent before. After that it is cut.
   */
  closeTimeout?: number;
  /**
   * How many messages a second are read of one connection; 0 for any number. Default 0. A client that sends more is not
   * closed: it is read more slowly.
   */
  maxMessagesPerSecond?: number;
  /**
   * Whether messages are compressed with clients that offer permessage-deflate (RFC 7692). Default false.
   *
   * Dangerous, as ASP.NET Core's option of the same name is: where a secret and text that an attacker chose go over one
   * connection, the size of what is sent tells about the secret (CRIME, BREACH). Send secrets with `{ compress: false }`.
   * A connection that compresses takes some 225 KiB more memory, and far more time per message.
   */
  dangerousEnableCompression?: boolean;
  /** Whether the server forgets what it compressed after each message: it compresses worse. Default false. */
  disableServerContextTakeover?: boolean;
  /** The size of the server's window as its base-2 logarithm; 9 to 15. Default 15, which is 32 KiB. */
  serverMaxWindowBits?: number;
}

/** The options that the registry of all connections has, besides those that a connection has unless it has its own. */
export interface WebSocketRegistryOptions extends WebSocketConnectionOptions {
  /**
   * How long connections have to close when the application shuts down, in ms; 0 or more. Default 30000. After that
   * they are cut.
   */
  shutdownTimeout?: number;
  /**
   * How long the application goes on as before when it shuts down, in ms; 0 or more. Default 0. Handshakes are refused
   * with 503 from the start; a load balancer has this time to send its requests elsewhere. Then connections are closed.
   */
  drainDelay?: number;
  /**
   * The time over which the closes of connections are spread when the application shuts down, in ms; 0 or more. Default 0.
   * Closed at the same moment, all clients would connect to other servers at the same moment. `shutdownTimeout` counts from
   * the last close.
   */
  drainSpread?: number;
}

const time = (fallback: number): OptionRule<number> => number(fallback, 'ms', 0, MAX_TIMER);

const rules: OptionRules<WebSocketConnectionOptions> = {
  keepAliveInterval: time(120_000),
  keepAliveTimeout: time(20_000),
  receiveTimeout: time(0),
  receiveBufferSize: number(65536, 'bytes', 1),
  sendBufferSize: number(65536, 'bytes', 0),
  maxMessageSize: number(1024 * 1024, 'bytes', 1),
  closeTimeout: time(30_000),
  maxMessagesPerSecond: number(0, 'messages', 0),
  dangerousEnableCompression: flag(false),
  disableServerContextTakeover: flag(false),
  serverMaxWindowBits: number(15, 'bits', 9, 15),
};

/** The rules of the options of the registry. */
export const registryRules: OptionRules<WebSocketRegistryOptions> = {
  ...rules,
  shutdownTimeout: time(30_000),
  drainDelay: time(0),
  drainSpread: time(0),
};

/** The options of a connection for which neither the module nor a gateway nor an accept has a value. */
export const CONNECTION_DEFAULTS = defaultsOf(rules);

/**
 * Fills in the module's options where a gateway or one accept has no option of its own.
 *
 * @param owner what has the options, for errors
 * @param others the names of options that the owner has besides, and checks itself
 * @throws WebSocketError `WS_INVALID_OPTION` that names every wrong option, its value and what is accepted, and every
 * option that only the module can have
 */
export function resolveConnectionOptions<Options extends Required<WebSocketConnectionOptions>>(
  options: WebSocketConnectionOptions,
  ofModule: Options,
  owner: string,
  others: readonly string[] = [],
): Options {
  return resolveOptions(options, { rules, others, defaults: ofModule, owner });
}
