import { IncomingMessage, ServerResponse, type OutgoingHttpHeaders } from 'node:http';
import { Socket } from 'node:net';
import {
  headersForHandshake,
  ignoreLaterAnswers,
  interceptAcceptance,
} from '../../../../libs/websockets/src/handshake/handshake-response.js';

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

describe('interceptAcceptance', () => {
  let response: ServerResponse;
  let accepted: OutgoingHttpHeaders[];

  /** Intercepts the status 101, once `isAccepting`. */
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
  ])('gets the headers of a response that accepts by %s, and sends none', (_how, answer) => {
    intercept(true);
    answer();
    expect(accepted).toEqual([{ 'x-own': 'x' }]);
    expect(response.headersSent).toBe(false);
  });

  it.each<[string, boolean, () => void, number]>([
    ['of another status', true, () => response.writeHead(404).end(), 404],
    ['whose status is mapped', true, () => response.writeHead(200).end(), 400],
    ['before accept() was called', false, () => response.writeHead(101).end(), 101],
  ])('lets a response pass %s', (_which, isAccepting, answer, status) => {
    intercept(isAccepting);
    answer();
    expect(accepted).toEqual([]);
    expect(response).toMatchObject({ statusCode: status, headersSent: true });
  });
});

describe('ignoreLaterAnswers', () => {
  it('leaves a response as it is, whatever is called', () => {
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
