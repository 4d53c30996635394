import { describeEvent, factsOf } from '../../../../client/page/server-view/describe-event.js';
import {
  newDiagnosticsId,
  parseServerEvent,
  withDiagnostics,
  type ServerEvent,
} from '../../../../client/page/server-view/server-event.js';

describe('A server event', () => {
  it.each<[ServerEvent, string]>([
    [
      {
        kind: 'request',
        at: 1,
        line: 'GET /ws HTTP/1.1',
        headers: [],
        httpVersion: '1.1',
        addresses: [],
        extensions: '',
        status: 403,
        message: 'Refused.',
      },
      'GET /ws HTTP/1.1, answered with 403: Refused.',
    ],
    [
      { kind: 'frame', at: 1, from: 'client', opcode: 1, fin: true, rsv1: true, masked: true, length: 5 },
      'text, 5 bytes, FIN, RSV1 (compressed), masked',
    ],
    [
      { kind: 'frame', at: 1, from: 'server', opcode: 0, fin: false, rsv1: false, masked: false, length: 1 },
      'continuation, 1 byte, more fragments follow, not masked',
    ],
    [
      { kind: 'frames', at: 1, from: 'client', count: 501, length: 9_000, duration: 1_000 },
      '501 frames in 1000 ms, 9,000 bytes',
    ],
    [{ kind: 'ping', at: 1, from: 'server', length: 8 }, 'ping, 8 bytes'],
    [{ kind: 'pong', at: 1, from: 'client', length: 8, roundTrip: 1.234 }, 'pong, round trip 1.23 ms'],
    [
      { kind: 'pause', at: 1, bufferedAmount: 65_536 },
      'The server stopped reading: 65,536 bytes are buffered until the client reads.',
    ],
    [{ kind: 'resume', at: 1, duration: 12 }, 'The server resumed reading after 12 ms.'],
    [
      { kind: 'close', at: 1, by: 'peer', status: 1000, description: 'Bye' },
      'Closed by the client. Code: 1000. Reason: Bye',
    ],
  ])('is parsed, and described in one line', ({ kind, ...data }, expected) => {
    const event = parseServerEvent(kind, JSON.stringify(data));

    expect(event && describeEvent(event)).toBe(expected);
  });

  it.each(['', 'null', '[]', '{"at":"soon"}', '{'])('is ignored if it is malformed: %s', (data) => {
    expect(parseServerEvent('ping', data)).toBeUndefined();
  });

  it('lists the properties of the connection for the request', () => {
    const facts = factsOf({
      kind: 'request',
      at: 1,
      line: 'GET /ws HTTP/1.1',
      headers: [],
      httpVersion: '1.1',
      addresses: ['10.0.0.1', '192.0.2.7'],
      extensions: 'permessage-deflate',
      status: 101,
    });

    expect(Object.fromEntries(facts)).toMatchObject({
      'TLS version': 'none at this server',
      Addresses: '10.0.0.1 → 192.0.2.7',
      Extensions: 'permessage-deflate',
    });
  });
});

it('The id of a diagnostics stream has 128 random bits, and is part of the query', () => {
  const id = newDiagnosticsId();

  expect(id).toMatch(/^[0-9a-f]{32}$/);
  expect(newDiagnosticsId()).not.toBe(id);
  expect(withDiagnostics('ws://localhost/ws?a=b', 'id')).toBe('ws://localhost/ws?a=b&diagnostics=id');
});
