import { WebSocketError } from './web-socket-error.js';

/** The longest time that a Node.js timer can wait, in ms: about 24.8 days. */
const MAX_TIMER = 2 ** 31 - 1;

/** Options of `WebSocketsModule`; what `WebSocketOptions` is to ASP.NET Core. All are optional. */
export interface WebSocketOptions {
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
}

interface OptionRule {
  readonly default: number;
  readonly least: number;
  readonly most: number;
  readonly unit: string;
}

const rules: Record<keyof WebSocketOptions, OptionRule> = {
  receiveBufferSize: { default: 65536, least: 1, most: Number.MAX_SAFE_INTEGER, unit: 'bytes' },
  sendBufferSize: { default: 65536, least: 0, most: Number.MAX_SAFE_INTEGER, unit: 'bytes' },
  maxMessageSize: { default: 1024 * 1024, least: 1, most: Number.MAX_SAFE_INTEGER, unit: 'bytes' },
  closeTimeout: { default: 5000, least: 0, most: MAX_TIMER, unit: 'ms' },
  shutdownTimeout: { default: 30_000, least: 0, most: MAX_TIMER, unit: 'ms' },
};

/**
 * Fills in the defaults.
 *
 * @throws WebSocketError `WS_INVALID_OPTION` that names every wrong option, its value and what is accepted.
 */
export function resolveWebSocketOptions(options: WebSocketOptions = {}): Required<WebSocketOptions> {
  const faults = Object.keys(options)
    .filter((name) => !Object.hasOwn(rules, name))
    .map((name) => `${name} is no option; there are ${Object.keys(rules).join(', ')}`);
  const resolve = (name: keyof WebSocketOptions): number => {
    const rule = rules[name];
    const value: unknown = options[name] ?? rule.default;
    if (!Number.isInteger(value) || (value as number) < rule.least || (value as number) > rule.most) {
      faults.push(
        `${name} is ${describe(value)}, but must be a whole number of ${rule.unit} from ${rule.least} to ${rule.most}`,
      );
    }
    return value as number;
  };
  const resolved: Required<WebSocketOptions> = {
    receiveBufferSize: resolve('receiveBufferSize'),
    sendBufferSize: resolve('sendBufferSize'),
    maxMessageSize: resolve('maxMessageSize'),
    closeTimeout: resolve('closeTimeout'),
    shutdownTimeout: resolve('shutdownTimeout'),
  };
  if (faults.length > 0) {
    throw new WebSocketError('WS_INVALID_OPTION', `WebSocketsModule: ${faults.join('; ')}.`);
  }
  return Object.freeze(resolved);
}

function describe(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** The injection token of the options with their defaults filled in. */
export const RESOLVED_OPTIONS = Symbol('WebSocketOptions');
