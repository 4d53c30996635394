import { readSubprotocols } from '../../../../client/page/connection/subprotocols.js';

describe('The subprotocols', () => {
  it.each([
    ['', []],
    ['chat', ['chat']],
    [' chat, superchat  v2.json ', ['chat', 'superchat', 'v2.json']],
  ])('of "%s" are read', (text, expected) => {
    expect(readSubprotocols(text)).toEqual(expected);
  });

  it.each([
    ['chat, ch(at', 'The subprotocol "ch(at" is not a token.'],
    ['chat, chat', 'The subprotocol "chat" is listed twice.'],
  ])('of "%s" are refused, and the one at fault is named', (text, problem) => {
    expect(readSubprotocols(text)).toEqual({ problem: expect.stringContaining(problem) });
  });
});
