import { inspect } from 'node:util';
import { WebSocketError } from './web-socket-error.js';

/** The longest time that a Node.js timer can wait, in ms: about 24.8 days. */
const MAX_TIMER = 2 ** 31 - 1;

/** Options of `WebSocketsModule`; what `WebSocketOptions` is to ASP.NET Core. All are optional. */
export interface WebSocketOptions {
  /**
   * How long a connection may be silent before it is probed, in ms; 0 never probes. Default 120000 (2 minutes). Any byte
   * that comes counts as life.
   */
  keepAliveInterval?: number;
  /**
   * How long the answer to a ping may take, in ms. Default 20000. After that the connection is given up without a close
   * frame. 0 never gives up: an unsolicited pong is sent every `keepAliveInterval` instead, which is .NET's default.
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
   * How many bytes may wait to be sent before the connection stops being read and `send` returns a promise, in bytes;
   * 0 or more. Default 65536. The socket's own high-water mark (16 KiB, or 64 KiB from Node.js 22 on) is the least that
   * has an effect.
   */
  sendBufferSize?: number;
  /**
   * The largest message that `messages()` and gateways with `@SubscribeMessage` collect, in bytes; 1 or more. A larger
   * one closes with 1009. Default 1048576 (1 MiB). `receive` streams, and has no such limit.
   */
  maxMessageSize?: number;
  /**
   * How long a close may take, from the first close frame to the end of the connection, in ms; 0 or more, where 0 does
   * not wait. Default 5000. After that the connection is cut.
   */
  closeTimeout?: number;
  /**
   * How long connections have to close when the application shuts down, in ms; 0 or more. Default 30000. After that
   * they are cut.
   */
  shutdownTimeout?: number;
  /**
   * Whether messages are compressed with clients that offer permessage-deflate (RFC 7692). Default false.
   *
   * Dangerous, as ASP.NET Core's option of the same name is: where a secret and text that an attacker chose go over one
   * connection, the size of what is sent tells about the secret (CRIME, BREACH). Send secrets with `disableCompression`.
   * A connection that compresses takes up to 400 KiB more memory and far more time per message.
   */
  dangerousEnableCompression?: boolean;
  /** Whether the server forgets what it compressed after each message: it compresses worse. Default false. */
  disableServerContextTakeover?: boolean;
  /** The size of the server's window as its base-2 logarithm; 9 to 15. Default 15, which is 32 KiB. */
  serverMaxWindowBits?: number;
}

interface NumberRule {
  readonly default: number;
  readonly least: number;
  readonly most: number;
  readonly unit: string;
}

interface SwitchRule {
  readonly default: boolean;
}

const { MAX_SAFE_INTEGER } = Number;

const rules: { readonly [name in keyof WebSocketOptions]-?: NumberRule | SwitchRule } = {
  keepAliveInterval: { default: 120_000, least: 0, most: MAX_TIMER, unit: 'ms' },
  keepAliveTimeout: { default: 20_000, least: 0, most: MAX_TIMER, unit: 'ms' },
  receiveTimeout: { default: 0, least: 0, most: MAX_TIMER, unit: 'ms' },
  receiveBufferSize: { default: 65536, least: 1, most: MAX_SAFE_INTEGER, unit: 'bytes' },
  sendBufferSize: { default: 65536, least: 0, most: MAX_SAFE_INTEGER, unit: 'bytes' },
  maxMessageSize: { default: 1024 * 1024, least: 1, most: MAX_SAFE_INTEGER, unit: 'bytes' },
  closeTimeout: { default: 5000, least: 0, most: MAX_TIMER, unit: 'ms' },
  shutdownTimeout: { default: 30_000, least: 0, most: MAX_TIMER, unit: 'ms' },
  dangerousEnableCompression: { default: false },
  disableServerContextTakeover: { default: false },
  serverMaxWindowBits: { default: 15, least: 9, most: 15, unit: 'bits' },
};

/**
 * Fills in the defaults.
 *
 * @throws WebSocketError `WS_INVALID_OPTION` that names every wrong option, its value and what is accepted.
 */
export function resolveWebSocketOptions(options: WebSocketOptions = {}): Required<WebSocketOptions> {
  if (typeof options !== 'object' || options === null) {
    const message = `WebSocketsModule: the options are ${inspect(options)}, but must be an object.`;
    throw new WebSocketError('WS_INVALID_OPTION', message);
  }
  const given = options as Readonly<Record<string, unknown>>;
  const faults = Object.keys(given)
    .filter((name) => !Object.hasOwn(rules, name))
    .map((name) => `${name} is no option; there are ${Object.keys(rules).join(', ')}`);
  const resolved: Record<string, unknown> = {};
  for (const [name, rule] of Object.entries(rules)) {
    const value = given[name] === undefined ? rule.default : given[name];
    const accepted = acceptedBy(rule, value);
    if (accepted !== undefined) {
      faults.push(`${name} is ${inspect(value)}, but must be ${accepted}`);
    }
    resolved[name] = value;
  }
  if (faults.length > 0) {
    throw new WebSocketError('WS_INVALID_OPTION', `WebSocketsModule: ${faults.join('; ')}.`);
  }
  return Object.freeze(resolved) as unknown as Required<WebSocketOptions>;
}

/** What a rule accepts, in words, when it does not accept `value`. */
function acceptedBy(rule: NumberRule | SwitchRule, value: unknown): string | undefined {
  if (!('unit' in rule)) {
    return typeof value === 'boolean' ? undefined : 'true or false';
  }
  const fits = Number.isInteger(value) && (value as number) >= rule.least && (value as number) <= rule.most;
  return fits ? undefined : `a whole number of ${rule.unit} from ${rule.least} to ${rule.most}`;
}

/** The injection token of the options with their defaults filled in. */
export const RESOLVED_OPTIONS = Symbol('WebSocketOptions');
