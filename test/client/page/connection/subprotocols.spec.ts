import { readSubprotocols } from '../../../../client/page/connection/subprotocols.js';

describe('The subprotocols', () => {
  it.each([
    ['', []],
    ['chat', ['chat']],
    [' chat, superchat  v2.json ', ['chat', 'superchat', 'v2.json']],
  ])('are parsed from "%s"', (text, expected) => {
    expect(readSubprotocols(text)).toEqual(expected);
  });

  it.each([
    ['chat, ch(at', 'The subprotocol "ch(at" is not a token.'],
    ['chat, chat', 'The subprotocol "chat" is listed twice.'],
  ])('in "%s" are rejected, and the error names the one at fault', (text, problem) => {
    expect(readSubprotocols(text)).toEqual({ problem: expect.stringContaining(problem) });
  });
});
