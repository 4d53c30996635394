import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import {
  hasUnsupportedVersion,
  isConnectToWebSocket,
  isWebSocketRequest,
  mayLackHeaders,
} from '../../../../libs/websockets/src/handshake/handshake-request.js';
import { handshakeHeaders, SAMPLE_KEY } from '../../../support/raw-client.js';

const lowerCase = (headers: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

/** A request as Node.js represents it: names in lower case, repeated headers joined. */
function request(
  headers: Record<string, string | undefined> = {},
  line: Partial<IncomingMessage> = {},
): IncomingMessage {
  return {
    method: 'GET',
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    headers: { ...lowerCase(handshakeHeaders), ...lowerCase(headers) } as IncomingHttpHeaders,
    ...line,
  } as IncomingMessage;
}

describe('A request', () => {
  it.each<[string, Record<string, string | undefined>]>([
    ['standard headers', {}],
    ['Upgrade in mixed case', { Upgrade: 'WebSocket' }],
    ['an Upgrade list', { Upgrade: 'websocket, example' }],
    ['WebSocket second in an Upgrade list', { Upgrade: 'h2c,WEBSOCKET' }],
    ['Connection in lower case', { Connection: 'upgrade' }],
    ['several Connection tokens', { Connection: 'keep-alive, Upgrade' }],
    ['a Content-Length of 0', { 'Content-Length': '0' }],
    ['a key of any 16 bytes', { 'Sec-WebSocket-Key': '+/AAAAAAAAAAAAAAAAAAAA==' }],
  ])('with %s asks for a WebSocket', (_what, headers) => {
    expect(isWebSocketRequest(request(headers))).toBe(true);
    expect(hasUnsupportedVersion(request(headers))).toBe(false);
  });

  it.each<[string, Record<string, string | undefined>]>([
    ['no Upgrade', { Upgrade: undefined }],
    ['an Upgrade to another protocol', { Upgrade: 'h2c' }],
    ['an Upgrade to a longer token', { Upgrade: 'websockets' }],
    ['an Upgrade to a part of the token', { Upgrade: 'web socket' }],
    ['no Connection', { Connection: undefined }],
    ['a Connection header without the token', { Connection: 'keep-alive' }],
    ['no key', { 'Sec-WebSocket-Key': undefined }],
    ['no Host', { Host: undefined }],
    ['a body of a known length', { 'Content-Length': '5' }],
    ['a chunked body', { 'Transfer-Encoding': 'chunked' }],
  ])('with %s is not a handshake, for any version', (_what, headers) => {
    expect(isWebSocketRequest(request(headers))).toBe(false);
    expect(hasUnsupportedVersion(request({ ...headers, 'Sec-WebSocket-Version': '8' }))).toBe(false);
  });

  it.each<[string, Partial<IncomingMessage>]>([
    ['is a POST', { method: 'POST' }],
    ['is a HEAD', { method: 'HEAD' }],
    ['is HTTP/1.0', { httpVersionMinor: 0 }],
  ])('that %s is not a handshake, for any version', (_what, line) => {
    expect(isWebSocketRequest(request({}, line))).toBe(false);
    expect(hasUnsupportedVersion(request({ 'Sec-WebSocket-Version': '8' }, line))).toBe(false);
  });

  it.each([
    ['empty', ''],
    ['of 15 bytes', Buffer.alloc(15).toString('base64')],
    ['of 17 bytes', Buffer.alloc(17).toString('base64')],
    ['without padding', SAMPLE_KEY.slice(0, -2)],
    ['with a character that is not base64', 'dGhlIHNhbXBsZSBub25jZ!=='],
    ['in the URL-safe alphabet', '-_AAAAAAAAAAAAAAAAAAAA=='],
    ['sent twice', `${SAMPLE_KEY}, ${SAMPLE_KEY}`],
    ['followed by a line break', `${SAMPLE_KEY}\n`],
  ])('with a key that is %s is not a handshake', (_what, key) => {
    expect(isWebSocketRequest(request({ 'Sec-WebSocket-Key': key }))).toBe(false);
    expect(hasUnsupportedVersion(request({ 'Sec-WebSocket-Key': key }))).toBe(false);
  });

  it.each([['8'], ['14'], ['013'], ['13.0'], ['13, 8'], ['13, 13'], ['']])(
    'with the version %j asks for an unsupported version',
    (version) => {
      expect(isWebSocketRequest(request({ 'Sec-WebSocket-Version': version }))).toBe(false);
      expect(hasUnsupportedVersion(request({ 'Sec-WebSocket-Version': version }))).toBe(true);
    },
  );

  it('without a version is not a handshake', () => {
    expect(isWebSocketRequest(request({ 'Sec-WebSocket-Version': undefined }))).toBe(false);
    expect(hasUnsupportedVersion(request({ 'Sec-WebSocket-Version': undefined }))).toBe(false);
  });
});

describe('mayLackHeaders', () => {
  it.each([
    [999, null, false],
    [1000, null, true],
    [1000, undefined, true],
    [99, 100, false],
    [100, 100, true],
    [5000, 0, false],
  ])('with %d headers and the maxHeadersCount %p returns %p', (count, limit, expected) => {
    expect(mayLackHeaders(request({}, { rawHeaders: Array<string>(2 * count).fill('') }), limit)).toBe(expected);
  });
});

describe('An extended CONNECT', () => {
  it.each<[string | undefined, boolean]>([
    ['websocket', true],
    ['WebSocket', true],
    ['websockets', false],
    ['connect-udp', false],
    ['', false],
    [undefined, false],
  ])('with :protocol = %p asks for a WebSocket: %p', (protocol, expected) => {
    expect(isConnectToWebSocket({ headers: { ':protocol': protocol } } as unknown as Http2ServerRequest)).toBe(
      expected,
    );
  });
});
