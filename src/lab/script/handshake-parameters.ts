import { duration, either, flag, headerValue, matching, rate, size, wholeNumber, words } from './grammars.js';
import { many, one, type LabParameter } from './lab-parameter.js';

const faulty = words('wrong', 'missing', 'double');
const errorCode = wholeNumber(0, 0xffff_ffff);

const NOT_OVER_HTTP2 = 'Node.js writes the HEADERS frame of an HTTP/2 answer';
const NO_SUCH_HEADER = 'HTTP/2 has no such header (RFC 8441 section 5)';

/** The parameters of the answer to the handshake, in the order in which they are applied. */
export const HANDSHAKE_PARAMETERS = {
  'handshake-delay': one(either(words('never'), duration), {
    group: 'handshake',
    description: 'answers the handshake after this time, or never',
    example: '3s',
    rfc: 'RFC 6455 4.1',
  }),
  'rst-stream': one(errorCode, {
    group: 'handshake',
    description: 'refuses the handshake with RST_STREAM and this error code',
    example: '7',
    rfc: 'RFC 9113 6.4',
    only: ['2', 'HTTP/1.1 has no streams'],
  }),
  goaway: one(errorCode, {
    group: 'handshake',
    description: 'refuses the handshake with GOAWAY and this error code, after which the client opens no more streams',
    example: '11',
    rfc: 'RFC 9113 6.8',
    only: ['2', 'HTTP/1.1 has no GOAWAY'],
  }),
  informational: one(wholeNumber(102, 199), {
    group: 'handshake',
    description: 'sends an informational response with this status before the answer',
    example: '103',
    rfc: 'RFC 9110 15.2',
    excludes: ['handshake-cut', 'handshake-split'],
  }),
  status: one(wholeNumber(100, 999), {
    group: 'handshake',
    description: 'refuses the handshake with this status',
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
  location: one(
    matching(
      /^(?=[\x21-\x7e]{1,4096}$)(?:(?:https?|wss?):\/\/|[./?])/i,
      'a path such as /ws, or an http, https, ws or wss URL, without spaces, at most 4096 characters',
    ),
    {
      group: 'handshake',
      description: 'Location of the refusal, for redirects',
      example: '/ws',
      rfc: 'RFC 6455 4.1',
      needs: ['status'],
    },
  ),
  'www-authenticate': one(headerValue, {
    group: 'handshake',
    description: 'WWW-Authenticate of the refusal. A handshake that has Authorization is accepted',
    example: 'Basic realm="lab"',
    rfc: 'RFC 9110 11.6.1',
    needs: ['status'],
  }),
  credentials: one(matching(/^[^:]{1,64}:[^]{0,64}$/, 'user:password'), {
    group: 'handshake',
    description: 'the user and password (Basic) without which the handshake is refused',
    example: 'user:secret',
    rfc: 'RFC 7617',
    needs: ['www-authenticate'],
  }),
  accept: one(faulty, {
    group: 'handshake',
    description: 'Sec-WebSocket-Accept is wrong, missing or sent twice',
    example: 'wrong',
    rfc: 'RFC 6455 4.1',
    only: ['1.1', NO_SUCH_HEADER],
    excludes: ['status'],
  }),
  upgrade: one(faulty, {
    group: 'handshake',
    description: 'Upgrade is wrong, missing or sent twice',
    example: 'missing',
    rfc: 'RFC 6455 4.1',
    only: ['1.1', NO_SUCH_HEADER],
    excludes: ['status'],
  }),
  connection: one(faulty, {
    group: 'handshake',
    description: 'Connection is wrong, missing or sent twice',
    example: 'missing',
    rfc: 'RFC 6455 4.1',
    only: ['1.1', NO_SUCH_HEADER],
    excludes: ['status'],
  }),
  subprotocol: many(
    matching(
      /^(?:[\w!#$%&'*+.^`|~-]{1,128}(?:, ?[\w!#$%&'*+.^`|~-]{1,128})*)?$/,
      'a token such as chat.v2, several separated by ",", or nothing for no subprotocol',
    ),
    {
      group: 'handshake',
      description:
        'Sec-WebSocket-Protocol, whether or not the client offers it; repeat it for several headers. Default: the first ' +
        'one that the client offers',
      example: 'not-asked-for',
      rfc: 'RFC 6455 4.1',
      excludes: ['status'],
    },
  ),
  extensions: many(headerValue, {
    group: 'handshake',
    description: 'Sec-WebSocket-Extensions, whether or not the client offers it',
    example: 'permessage-deflate; server_max_window_bits=99',
    rfc: 'RFC 6455 9.1',
    excludes: ['status'],
  }),
  cookie: many(matching(/^[\w-]{1,64}=[\w.~+/%-]{0,1024}$/, 'name=value of letters, digits and any of .~+/%-_'), {
    group: 'handshake',
    description: 'Set-Cookie for the path /lab and 5 minutes. /lab/request tells the cookies of the next connection',
    example: 'visit=1',
    rfc: 'RFC 6265 4.1',
  }),
  header: many(
    // A proxy may obey other names: X-Accel-Redirect and X-Sendfile would have it send its own files.
    matching(
      /^x-lab-[\w-]{1,64}: ?[\x20-\x7e]{0,4096}$/i,
      'a header whose name starts with X-Lab-, such as X-Lab-A: b',
    ),
    {
      group: 'handshake',
      description: 'a header of the answer',
      example: 'X-Lab-Test: 1',
    },
  ),
  'header-size': one(size(1, 1024 ** 2, '1MiB'), {
    group: 'handshake',
    description: 'the answer has a header with a value of this size',
    example: '64KiB',
    rfc: 'RFC 9110 5.4',
    only: ['1.1', 'Node.js bounds the headers of an HTTP/2 answer'],
  }),
  'obs-fold': one(flag, {
    group: 'handshake',
    description: 'a header of the answer is folded onto two lines',
    example: 'true',
    rfc: 'RFC 9112 5.2',
    neutral: false,
    only: ['1.1', NOT_OVER_HTTP2],
  }),
  'handshake-rate': one(rate, {
    group: 'handshake',
    description: 'the answer is sent at this rate, in bytes a second',
    example: '10',
    only: ['1.1', NOT_OVER_HTTP2],
    excludes: ['coalesce'],
  }),
  'handshake-split': one(wholeNumber(1, 100_000), {
    group: 'handshake',
    description:
      'the answer is sent in two packets, the first of which has this number of bytes; a shorter answer is one packet',
    example: '40',
    only: ['1.1', NOT_OVER_HTTP2],
    excludes: ['coalesce', 'handshake-rate'],
  }),
  'handshake-cut': one(wholeNumber(0, 100_000), {
    group: 'handshake',
    description:
      'the connection ends after this number of bytes of the answer, or after all of a shorter one; 0 ends it before the answer',
    example: '40',
    rfc: 'RFC 6455 4.1',
    only: ['1.1', NOT_OVER_HTTP2],
    excludes: ['coalesce', 'handshake-split'],
  }),
  coalesce: one(flag, {
    group: 'handshake',
    description: 'the first frame is in the packet of the answer',
    example: 'true',
    rfc: 'RFC 6455 4.1',
    neutral: false,
    only: ['1.1', 'the answer is a HEADERS frame, and the first WebSocket frame is in a DATA frame'],
    needs: ['frame', 'fault', 'tell', 'count', 'close'],
    excludes: ['status', 'write-rate'],
  }),
} as const satisfies Record<string, LabParameter>;
