import { encodeFrame, OPCODE } from '../../../src/lab/peer/frame.js';

describe('encodeFrame', () => {
  it.each([
    ['a text', { opcode: OPCODE.text, payload: 'hi' }, '8102 6869'],
    ['bytes', { opcode: OPCODE.binary, payload: new Uint8Array([1, 2, 3]).subarray(1) }, '8202 0203'],
    ['no payload', { opcode: OPCODE.close }, '8800'],
    [
      'a mask',
      { opcode: OPCODE.text, payload: 'hello', mask: Buffer.from('01020304', 'hex') },
      '8185 01020304 69676f686e',
    ],
    ['another length', { opcode: OPCODE.text, payload: 'hi', length: 300 }, '817e012c 6869'],
  ])('encodes a frame with %s', (_, fields, hex) => {
    expect(encodeFrame(fields).toString('hex')).toBe(hex.replaceAll(' ', ''));
  });
});
