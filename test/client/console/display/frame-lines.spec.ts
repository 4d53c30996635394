import { frameLine } from '../../../../client/console/src/display/frame-lines.js';

describe('The display', () => {
  it.each([
    [
      'sent',
      { opcode: 1, fin: true, rsv: [false, false, false], masked: true, length: 1 },
      '> text, fin, masked, 1 byte',
    ],
    [
      'received',
      { opcode: 2, fin: false, rsv: [true, false, false], masked: false, length: 9 },
      '< binary, rsv1, 9 bytes',
    ],
    [
      'received',
      { opcode: 0, fin: true, rsv: [false, true, true], masked: false, length: 0 },
      '< continuation, fin, rsv2, rsv3, 0 bytes',
    ],
    [
      'sent',
      { opcode: 8, fin: true, rsv: [false, false, false], masked: true, length: 2 },
      '> close, fin, masked, 2 bytes',
    ],
    [
      'received',
      { opcode: 11, fin: true, rsv: [false, false, false], masked: false, length: 0 },
      '< opcode 11, fin, 0 bytes',
    ],
  ] as const)('of a frame that was %s is one line', (direction, frame, line) => {
    expect(frameLine(direction, frame)).toBe(line);
  });
});
