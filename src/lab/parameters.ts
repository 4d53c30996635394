import { parseByteSize, parseDuration, parseWholeNumber } from './amounts.js';
import { FRAME_FAULTS, type FrameFaultName } from './frame-faults.js';

/** The parts of the table, in the order in which they are applied. */
export const GROUPS = {
  handshake: 'Handshake',
  frames: 'Frames',
  messages: 'Messages and rhythm',
  closing: 'Closing',
} as const;

/** A query parameter of `/lab`. */
export interface LabParameter<T = unknown> {
  readonly group: keyof typeof GROUPS;
  readonly description: string;
  /** What is accepted, in words that fit behind "accepted:". */
  readonly accepted: string;
  /** A value that shows it, for the page and the docs. */
  readonly example: string;
  /** @returns undefined for a text that is not accepted */
  readonly parse: (text: string) => T | undefined;
  /** The words that are accepted, where there are only these. */
  readonly words?: readonly string[];
  /** The section that the behaviour breaks or strains. */
  readonly rfc?: string;
  /** Whether it may come more than once. Its value is a list then. */
  readonly isRepeatable?: boolean;
  /** Whether its value is a time, which the limit of the lab bounds. */
  readonly isTime?: boolean;
  /** Why it is for one version of HTTP alone. */
  readonly only?: readonly [httpVersion: '1.1' | '2', reason: string];
  /** Has an effect only together with one of these. */
  readonly needs?: readonly string[];
  /** Contradicts each of these. */
  readonly excludes?: readonly string[];
}

type Details = Omit<LabParameter, 'parse' | 'accepted' | 'words' | 'isTime' | 'isRepeatable'>;
type Grammar<T> = Pick<LabParameter<T>, 'parse' | 'accepted' | 'words' | 'isTime'>;

const alternatives = new Intl.ListFormat('en', { type: 'disjunction' });

function words<const Word extends string>(...accepted: readonly Word[]): Grammar<Word> {
  return {
    words: accepted,
    accepted: alternatives.format(accepted),
    parse: (text) => accepted.find((word) => word === text.toLowerCase()),
  };
}

/** One of the words, or what the other grammar takes. */
function either<const Word extends string, T>(choice: Grammar<Word>, other: Grammar<T>): Grammar<Word | T> {
  return {
    isTime: other.isTime,
    accepted: `${choice.accepted}, or ${other.accepted}`,
    parse: (text) => choice.parse(text) ?? other.parse(text),
  };
}

function wholeNumber(min: number, max: number): Grammar<number> {
  return {
    accepted: `a whole number from ${min} to ${max}`,
    parse: (text) => {
      const number = parseWholeNumber(text);
      return number !== undefined && number >= min && number <= max ? number : undefined;
    },
  };
}

function size(min: number, max: number, most: string): Grammar<number> {
  return {
    accepted: `a size such as 4096, 64KiB or 1MiB, at least ${min} and at most ${most}`,
    parse: (text) => {
      const bytes = parseByteSize(text);
      return bytes !== undefined && bytes >= min && bytes <= max ? bytes : undefined;
    },
  };
}

function matching(pattern: RegExp, accepted: string): Grammar<string> {
  return { accepted, parse: (text) => (pattern.test(text) ? text : undefined) };
}

const flag: Grammar<boolean> = {
  words: ['true', 'false'],
  accepted: 'true or false',
  parse: (text) => (/^true$/i.test(text) ? true : /^false$/i.test(text) ? false : undefined),
};

const duration: Grammar<number> = {
  isTime: true,
  accepted: 'a duration such as 500ms, 30s, 2m or 0',
  parse: parseDuration,
};

const hex: Grammar<Buffer> = {
  accepted: 'bytes as pairs of hexadecimal digits, such as c103616263, at most 16 KiB',
  parse: (text) =>
    /^(?:[\da-f]{2})+$/i.test(text) && text.length <= 2 * 16 * 1024 ? Buffer.from(text, 'hex') : undefined,
};

/** A value of a header as it may be sent: no line ends in it, and nothing but visible ASCII and spaces. */
const headerValue = matching(/^[\x20-\x7e]{0,4096}$/, 'visible ASCII characters and spaces, at most 4096');
const identifier = matching(/^[\w-]{1,64}$/, 'letters, digits, "-" and "_", at most 64');
const rate = size(1, 1024 ** 3, '1GiB');
const faulty = words('wrong', 'missing', 'double');

function one<T>(grammar: Grammar<T>, details: Details): LabParameter<T> & { readonly isRepeatable?: false } {
  return { ...grammar, ...details };
}

function many<T>(grammar: Grammar<T>, details: Details): LabParameter<T> & { readonly isRepeatable: true } {
  return { ...grammar, ...details, isRepeatable: true };
}

const NOT_OVER_HTTP2 = 'HTTP/2 has no such bytes: Node.js writes the HEADERS frame of the answer';
const NO_SUCH_HEADER = 'HTTP/2 has no such header (RFC 8441 section 5)';

/**
 * Every query parameter of `/lab`: the one source for parsing, the errors, the OpenAPI document, the page and the docs. They are
 * applied in this order.
 */
export const LAB_PARAMETERS = {
  'handshake-delay': one(either(words('never'), duration), {
    group: 'handshake',
    description: 'answers the handshake after this time, or never',
    example: '3s',
    rfc: 'RFC 6455 4.1',
  }),
  'rst-stream': one(wholeNumber(0, 0xffff_ffff), {
    group: 'handshake',
    description: 'refuses with RST_STREAM and this error code',
    example: '7',
    rfc: 'RFC 9113 6.4',
    only: ['2', 'HTTP/1.1 has no streams'],
    excludes: ['status', 'goaway'],
  }),
  goaway: one(wholeNumber(0, 0xffff_ffff), {
    group: 'handshake',
    description: 'refuses with GOAWAY and this error code, which ends the HTTP/2 connection',
    example: '11',
    rfc: 'RFC 9113 6.8',
    only: ['2', 'HTTP/1.1 has no GOAWAY'],
    excludes: ['status'],
  }),
  status: one(wholeNumber(200, 599), {
    group: 'handshake',
    description: 'refuses with this status',
    example: '503',
    rfc: 'RFC 6455 4.2.2',
  }),
  body: one(matching(/^[^]{0,4096}$/, 'text of at most 4096 characters'), {
    group: 'handshake',
    description: 'the body of the refusal, as text/plain',
    example: 'try later',
    needs: ['status'],
  }),
  'retry-after': one(wholeNumber(0, 86_400), {
    group: 'handshake',
    description: 'Retry-After of the refusal, in seconds',
    example: '7',
    rfc: 'RFC 9110 10.2.3',
    needs: ['status'],
  }),
  location: one(headerValue, {
    group: 'handshake',
    description: 'Location of the refusal, for redirects',
    example: '/ws',
    rfc: 'RFC 6455 4.1',
    needs: ['status'],
  }),
  'www-authenticate': one(headerValue, {
    group: 'handshake',
    description: 'WWW-Authenticate of the refusal. With an Authorization header the handshake is accepted',
    example: 'Basic realm="lab"',
    rfc: 'RFC 9110 11.6.1',
    needs: ['status'],
  }),
  credentials: one(matching(/^[^:]{1,64}:[^]{0,64}$/, 'user:password'), {
    group: 'handshake',
    description: 'the user and password (Basic) with which alone the handshake is accepted',
    example: 'user:secret',
    rfc: 'RFC 7617',
    needs: ['www-authenticate'],
  }),
  accept: one(faulty, {
    group: 'handshake',
    description: 'Sec-WebSocket-Accept is wrong, missing or there twice',
    example: 'wrong',
    rfc: 'RFC 6455 4.1',
    only: ['1.1', NO_SUCH_HEADER],
    excludes: ['status'],
  }),
  upgrade: one(faulty, {
    group: 'handshake',
    description: 'Upgrade is wrong, missing or there twice',
    example: 'missing',
    rfc: 'RFC 6455 4.1',
    only: ['1.1', NO_SUCH_HEADER],
    excludes: ['status'],
  }),
  connection: one(faulty, {
    group: 'handshake',
    description: 'Connection is wrong, missing or there twice',
    example: 'missing',
    rfc: 'RFC 6455 4.1',
    only: ['1.1', NO_SUCH_HEADER],
    excludes: ['status'],
  }),
  subprotocol: many(matching(/^[\w!#$%&'*+.^`|~-]{0,128}$/, 'a token such as chat.v2, or nothing for no subprotocol'), {
    group: 'handshake',
    description:
      'Sec-WebSocket-Protocol, asked for or not; twice for two headers; empty for none. Without it: the first one offered',
    example: 'not-asked-for',
    rfc: 'RFC 6455 4.1',
    excludes: ['status'],
  }),
  extensions: many(headerValue, {
    group: 'handshake',
    description: 'Sec-WebSocket-Extensions, asked for or not',
    example: 'permessage-deflate; server_max_window_bits=99',
    rfc: 'RFC 6455 9.1',
    excludes: ['status'],
  }),
  cookie: many(matching(/^[\w-]{1,64}=[\w.~+/%-]{0,1024}$/, 'name=value of letters, digits and any of .~+/%-_'), {
    group: 'handshake',
    description: 'Set-Cookie, for the path /lab. /lab/request tells what came back',
    example: 'visit=1',
    rfc: 'RFC 6265 4.1',
  }),
  header: many(
    matching(/^x-[\w-]{1,64}: ?[\x20-\x7e]{0,4096}$/i, 'a header whose name starts with X-, such as X-A: b'),
    {
      group: 'handshake',
      description: 'a header of the answer',
      example: 'X-Test: 1',
    },
  ),
  'header-size': one(size(1, 1024 ** 2, '1MiB'), {
    group: 'handshake',
    description: 'a header of this size in the answer',
    example: '64KiB',
    rfc: 'RFC 9110 5.4',
    only: ['1.1', 'Node.js bounds the headers of an HTTP/2 answer'],
  }),
  'obs-fold': one(flag, {
    group: 'handshake',
    description: 'a header of the answer is folded onto two lines',
    example: 'true',
    rfc: 'RFC 9112 5.2',
    only: ['1.1', NOT_OVER_HTTP2],
  }),
  'handshake-rate': one(rate, {
    group: 'handshake',
    description: 'the answer comes at so many bytes a second',
    example: '10',
    only: ['1.1', NOT_OVER_HTTP2],
    excludes: ['coalesce'],
  }),
  'handshake-split': one(wholeNumber(1, 100_000), {
    group: 'handshake',
    description: 'the answer comes in two packets, of which the first has so many bytes',
    example: '40',
    only: ['1.1', NOT_OVER_HTTP2],
    excludes: ['coalesce', 'handshake-rate'],
  }),
  'handshake-cut': one(wholeNumber(0, 100_000), {
    group: 'handshake',
    description: 'the connection ends after so many bytes of the answer; 0 ends it before the answer',
    example: '40',
    rfc: 'RFC 6455 4.1',
    only: ['1.1', NOT_OVER_HTTP2],
    excludes: ['coalesce', 'handshake-split'],
  }),
  coalesce: one(flag, {
    group: 'handshake',
    description: 'the first frame is in the packet of the answer, and messages-after-close in that of the close frame',
    example: 'true',
    rfc: 'RFC 6455 4.1',
    only: ['1.1', 'over HTTP/2 the answer is a frame of its own'],
    excludes: ['status'],
  }),

  tell: one(words('request', 'connections'), {
    group: 'frames',
    description: 'the first message is JSON: the request as it came, or the number of connections to the lab',
    example: 'request',
  }),
  frame: many(hex, {
    group: 'frames',
    description: 'sends these bytes, as they are',
    example: 'c103616263',
    rfc: 'RFC 6455 5.2',
  }),
  fault: many(words(...(Object.keys(FRAME_FAULTS) as FrameFaultName[])), {
    group: 'frames',
    description: 'sends frames that break the protocol, or strain it; see the table of faults',
    example: 'utf8-invalid',
    rfc: 'RFC 6455 5',
  }),
  pace: one(duration, {
    group: 'frames',
    description: 'how long it waits before each frame and fault',
    example: '500ms',
    needs: ['frame', 'fault'],
  }),

  count: one(wholeNumber(1, 1_000_000), {
    group: 'messages',
    description: 'sends so many messages',
    example: '5',
  }),
  size: one(size(0, 1024 ** 3, '1GiB'), {
    group: 'messages',
    description: 'the size of each (default: 32). The text repeats the 64 characters of Base64',
    example: '1KiB',
    needs: ['count'],
  }),
  every: one(duration, {
    group: 'messages',
    description: 'how long it waits between two of them (default: 0)',
    example: '100ms',
    needs: ['count'],
  }),
  type: one(words('text', 'binary'), {
    group: 'messages',
    description: 'their type (default: text)',
    example: 'binary',
    rfc: 'RFC 6455 5.6',
    needs: ['count'],
  }),
  fragment: one(size(1, 1024 ** 3, '1GiB'), {
    group: 'messages',
    description: 'they come in fragments of this size (default: in one)',
    example: '64',
    rfc: 'RFC 6455 5.4',
    needs: ['count'],
  }),
  digest: one(flag, {
    group: 'messages',
    description: 'the message behind them is JSON with their SHA-256, number and bytes',
    example: 'true',
    needs: ['count'],
  }),
  'write-rate': one(rate, {
    group: 'messages',
    description: 'writes so many bytes of frames a second',
    example: '1KiB',
  }),
  read: one(size(0, 1024 ** 3, '1GiB'), {
    group: 'messages',
    description: 'reads so many bytes a second; 0 reads nothing',
    example: '0',
  }),
  echo: one(flag, {
    group: 'messages',
    description: 'whether messages are sent back (default: true)',
    example: 'false',
  }),
  'echo-delay': one(duration, {
    group: 'messages',
    description: 'each echo comes so long after its message',
    example: '1s',
  }),
  'drop-every': one(wholeNumber(1, 1_000_000), {
    group: 'messages',
    description: 'every n-th message is not sent back',
    example: '3',
  }),
  'double-every': one(wholeNumber(1, 1_000_000), {
    group: 'messages',
    description: 'every n-th message is sent back twice',
    example: '3',
  }),
  'reorder-every': one(wholeNumber(2, 1_000_000), {
    group: 'messages',
    description: 'every n-th message is sent back after the next one',
    example: '3',
  }),
  channel: one(identifier, {
    group: 'messages',
    description: 'messages go to all connections of the same channel, and not back alone',
    example: 'room',
    excludes: ['echo', 'echo-delay', 'drop-every', 'double-every', 'reorder-every'],
  }),
  commands: one(flag, {
    group: 'messages',
    description:
      "takes the commands of .NET's test server: .close, .shutdown, .abort, .delay5sec, .receiveMessageAfterClose, " +
      '.closeafter, .shutdownafter, .shutdownAfterTwoMessages',
    example: 'true',
  }),
  'ping-every': one(duration, {
    group: 'messages',
    description: 'sends a ping each time',
    example: '1s',
    rfc: 'RFC 6455 5.5.2',
  }),
  'ping-size': one(wholeNumber(0, 125), {
    group: 'messages',
    description: 'the bytes of each ping (default: 0)',
    example: '125',
    rfc: 'RFC 6455 5.5',
    needs: ['ping-every'],
  }),
  pong: one(words('never', 'late', 'wrong', 'twice'), {
    group: 'messages',
    description: 'pings are not answered, answered after pong-delay, with another payload, or twice',
    example: 'never',
    rfc: 'RFC 6455 5.5.3',
  }),
  'pong-delay': one(duration, {
    group: 'messages',
    description: 'how late a pong is (default: 5s)',
    example: '5s',
    needs: ['pong'],
  }),
  'pong-every': one(duration, {
    group: 'messages',
    description: 'sends a pong that nobody asked for each time, between fragments too',
    example: '1s',
    rfc: 'RFC 6455 5.5.3',
  }),

  close: one(either(words('empty'), wholeNumber(0, 65_535)), {
    group: 'closing',
    description: 'sends a close frame with this code, legal or not, or without one; after everything above, unless ...',
    example: '4123',
    rfc: 'RFC 6455 7.4',
  }),
  reason: one(matching(/^[^]{0,1000}$/, 'text of at most 1000 characters; 123 bytes are legal'), {
    group: 'closing',
    description: 'the reason of the close frame, legal or not',
    example: 'bye',
    rfc: 'RFC 6455 5.5.1',
    needs: ['close'],
  }),
  after: one(duration, {
    group: 'closing',
    description: '... the close frame comes so long after the handshake',
    example: '1s',
    needs: ['close'],
  }),
  'after-messages': one(wholeNumber(1, 1_000_000), {
    group: 'closing',
    description: '... or after so many messages of the client',
    example: '2',
    needs: ['close'],
  }),
  'messages-after-close': one(wholeNumber(1, 1000), {
    group: 'closing',
    description: 'sends so many messages after the close frame',
    example: '1',
    rfc: 'RFC 6455 5.5.1',
    needs: ['close'],
  }),
  'close-reply': one(either(words('never', 'late'), wholeNumber(0, 65_535)), {
    group: 'closing',
    description: 'how a close frame of the client is answered: never, after close-reply-delay, or with this code',
    example: 'never',
    rfc: 'RFC 6455 5.5.1',
  }),
  'close-reply-delay': one(duration, {
    group: 'closing',
    description: 'how late the answer is (default: 5s)',
    example: '5s',
    needs: ['close-reply'],
  }),
  'keep-open': one(flag, {
    group: 'closing',
    description: 'the TCP connection stays open after the close handshake',
    example: 'true',
    rfc: 'RFC 6455 7.1.1',
  }),
  end: one(duration, {
    group: 'closing',
    description: 'ends its half of the connection without a close frame, so long after the handshake: FIN, END_STREAM',
    example: '1s',
    rfc: 'RFC 6455 7.1.5',
  }),
  abort: one(duration, {
    group: 'closing',
    description: 'resets the connection so long after the handshake: RST, RST_STREAM',
    example: '1s',
    rfc: 'RFC 6455 7.1.5',
  }),
  id: one(identifier, {
    group: 'closing',
    description: 'GET /lab/closes/<id> tells afterwards how the client closed',
    example: 'my-test',
  }),
} as const satisfies Record<string, LabParameter>;

export type LabParameterName = keyof typeof LAB_PARAMETERS;

/** The names, in the order of the table. */
export const LAB_PARAMETER_NAMES = Object.keys(LAB_PARAMETERS) as LabParameterName[];

/** A parameter of the table, without the exact type of its entry. */
export function labParameter(name: LabParameterName): LabParameter {
  return LAB_PARAMETERS[name];
}

type ValueOf<P> = P extends { parse: (text: string) => infer T; isRepeatable: true }
  ? readonly Exclude<T, undefined>[]
  : P extends { parse: (text: string) => infer T }
    ? Exclude<T, undefined>
    : never;

/** What a query asks for: a value for each parameter that it has. */
export type LabScript = { readonly [Name in LabParameterName]?: ValueOf<(typeof LAB_PARAMETERS)[Name]> };
