import { responseTo } from '../../src/sockets/response.js';

describe('The answer to a message', () => {
  it.each([
    ['Hello', 'Server Response to: Hello'],
    ['', 'Server Response to: '],
    ['Grüße, 世界 🎉', 'Server Response to: Grüße, 世界 🎉'],
    ['  spaces\0and\nlines ', 'Server Response to:   spaces\0and\nlines '],
  ])('that is the text %j is %j', (data, answer) => {
    expect(responseTo({ type: 'text', data })).toBe(answer);
  });

  it.each([
    ['bytes', [0, 1, 254, 255]],
    ['no bytes', []],
  ])('that is binary is the prefix, and then its %s', (_what, bytes) => {
    const answer = responseTo({ type: 'binary', data: Buffer.from(bytes) });

    expect(answer).toEqual(Buffer.concat([Buffer.from('Server Response to: '), Buffer.from(bytes)]));
  });
});
