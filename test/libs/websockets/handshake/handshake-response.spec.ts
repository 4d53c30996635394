import type { OutgoingHttpHeaders } from 'node:http';
import { headersForHandshake } from '../../../../libs/websockets/src/handshake/handshake-headers.js';

describe('headersForHandshake', () => {
  it.each<[string, OutgoingHttpHeaders, object]>([
    ['nothing', {}, {}],
    ['what was set', { 'x-room': '7', 'x-number': 7 }, { 'x-room': '7', 'x-number': '7' }],
    ['several of a name', { 'set-cookie': ['a=1', 'b=2'] }, { 'set-cookie': ['a=1', 'b=2'] }],
    ['one of a list', { 'set-cookie': ['a=1'] }, { 'set-cookie': 'a=1' }],
    ['none of an empty list', { 'set-cookie': [] }, { 'set-cookie': [] }],
    ['nothing that is undefined', { 'x-room': undefined }, {}],
    [
      'nothing that the handshake says',
      { connection: 'close', Upgrade: 'h2c', 'sec-websocket-accept': 'x', 'Sec-WebSocket-Protocol': 'y' },
      {},
    ],
    [
      'nothing of a body',
      { 'content-type': 'text/html', 'content-length': 7, 'content-encoding': 'br', 'transfer-encoding': 'chunked' },
      {},
    ],
    [
      'what only looks like that',
      { 'content-security-policy': 'x', 'x-connection': 'y' },
      { 'content-security-policy': 'x', 'x-connection': 'y' },
    ],
  ])('has %s', (_what, headers, expected) => {
    expect(headersForHandshake(headers)).toEqual(expected);
  });

  it.each<[string, OutgoingHttpHeaders, string]>([
    ['in a value', { 'x-room': '7\r\nX-Smuggled: 1' }, 'ERR_INVALID_CHAR'],
    ['in one of several', { 'set-cookie': ['a=1', 'b=2\n'] }, 'ERR_INVALID_CHAR'],
    ['in a name', { 'x-room\r\n': '7' }, 'ERR_INVALID_HTTP_TOKEN'],
  ])('refuses the end of a line %s', (_where, headers, code) => {
    expect(() => headersForHandshake(headers)).toThrow(expect.objectContaining({ code }));
  });
});
