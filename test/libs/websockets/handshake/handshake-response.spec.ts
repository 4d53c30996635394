import { IncomingMessage, ServerResponse, type OutgoingHttpHeaders } from 'node:http';
import { Socket } from 'node:net';
import {
  headersForHandshake,
  ignoreLaterAnswers,
  interceptAcceptance,
} from '../../../../libs/websockets/src/handshake/handshake-response.js';

describe('headersForHandshake', () => {
  it.each<[string, OutgoingHttpHeaders, object]>([
    ['no headers', {}, {}],
    ["the application's headers", { 'x-room': '7', 'x-number': 7 }, { 'x-room': '7', 'x-number': '7' }],
    ['repeated headers', { 'set-cookie': ['a=1', 'b=2'] }, { 'set-cookie': ['a=1', 'b=2'] }],
    ['a list of one', { 'set-cookie': ['a=1'] }, { 'set-cookie': 'a=1' }],
    ['no header for an empty list', { 'set-cookie': [] }, { 'set-cookie': [] }],
    ['no undefined header', { 'x-room': undefined }, {}],
    [
      'no header that the handshake sets itself',
      { connection: 'close', Upgrade: 'h2c', 'sec-websocket-accept': 'x', 'Sec-WebSocket-Protocol': 'y' },
      {},
    ],
    [
      'no header that describes a body',
      { 'content-type': 'text/html', 'content-length': 7, 'content-encoding': 'br', 'transfer-encoding': 'chunked' },
      {},
    ],
    [
      'headers with similar names',
      { 'content-security-policy': 'x', 'x-connection': 'y' },
      { 'content-security-policy': 'x', 'x-connection': 'y' },
    ],
  ])('returns %s', (_what, headers, expected) => {
    expect(headersForHandshake(headers)).toEqual(expected);
  });

  it.each<[string, OutgoingHttpHeaders, string]>([
    ['in a value', { 'x-room': '7\r\nX-Smuggled: 1' }, 'ERR_INVALID_CHAR'],
    ['in one of several', { 'set-cookie': ['a=1', 'b=2\n'] }, 'ERR_INVALID_CHAR'],
    ['in a name', { 'x-room\r\n': '7' }, 'ERR_INVALID_HTTP_TOKEN'],
  ])('rejects a line break %s', (_where, headers, code) => {
    expect(() => headersForHandshake(headers)).toThrow(expect.objectContaining({ code }));
  });
});

describe('interceptAcceptance', () => {
  let response: ServerResponse;
  let accepted: OutgoingHttpHeaders[];

  /** Intercepts the status 101 if `isAccepting`. */
  function intercept(isAccepting: boolean): void {
    response = new ServerResponse(new IncomingMessage(new Socket()));
    accepted = [];
    interceptAcceptance(
      response,
      () => (isAccepting ? 101 : undefined),
      (headers) => accepted.push({ ...headers }),
      (status) => (status === 200 ? 400 : status),
    );
  }

  it.each<[string, () => void]>([
    ['writeHead with an object', () => response.writeHead(101, { 'X-Own': 'x' }).end()],
    ['writeHead with a reason and an object', () => response.writeHead(101, 'Reason', { 'X-Own': 'x' }).end()],
    ['writeHead with names and values', () => response.writeHead(101, ['X-Own', 'x']).end()],
    ['setHeader and writeHead', () => response.setHeader('X-Own', 'x').writeHead(101).end()],
    ['statusCode and end', () => Object.assign(response.setHeader('X-Own', 'x'), { statusCode: 101 }).end()],
  ])('takes the headers of a response that accepts through %s, and sends nothing', (_how, answer) => {
    intercept(true);
    answer();
    expect(accepted).toEqual([{ 'x-own': 'x' }]);
    expect(response.headersSent).toBe(false);
  });

  it.each<[string, boolean, () => void, number]>([
    ['with another status', true, () => response.writeHead(404).end(), 404],
    ['with a mapped status', true, () => response.writeHead(200).end(), 400],
    ['before accept() is called', false, () => response.writeHead(101).end(), 101],
  ])('passes on a response %s', (_which, isAccepting, answer, status) => {
    intercept(isAccepting);
    answer();
    expect(accepted).toEqual([]);
    expect(response).toMatchObject({ statusCode: status, headersSent: true });
  });
});

describe('ignoreLaterAnswers', () => {
  it('leaves a response unchanged, whatever is called', () => {
    const response = new ServerResponse(new IncomingMessage(new Socket()));
    response.statusCode = 101;
    ignoreLaterAnswers(response);
    response.setHeader('X-Late', 'x').writeHead(500).end('late');
    response.statusCode = 500;
    expect(response.write('later')).toBe(true);
    expect(response).toMatchObject({ statusCode: 101, headersSent: false, writableEnded: false });
    expect(response.hasHeader('X-Late')).toBe(false);
  });
});
