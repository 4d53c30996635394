import { FrameScanner, type WebSocketFrame } from '../../../../libs/websockets/src/protocol/frame-scanner.js';
import { binary, clientFrame, close, continuation, ping, text, type ClientFrame } from './client-frame.js';

/** The events of a scanner for bytes that arrive in pieces of this size. */
function scan(bytes: Buffer, size: number): { frames: WebSocketFrame[]; messages: [type: string, length: number][] } {
  const frames: WebSocketFrame[] = [];
  const messages: [string, number][] = [];
  const scanner = new FrameScanner({
    onFrame: (frame) => void frames.push(frame),
    onMessage: (...message) => void messages.push(message),
  });
  for (let at = 0; at < bytes.length; at += size) {
    scanner.scan(bytes.subarray(at, at + size));
  }
  return { frames, messages };
}

const ofClient = (frame: ClientFrame): Buffer => clientFrame(frame);
const ofServer = (frame: ClientFrame): Buffer => clientFrame({ ...frame, masked: false });

describe('FrameScanner', () => {
  describe.each([
    ['a client', true, ofClient],
    ['a server', false, ofServer],
  ])('on the side of %s', (_side, masked, frame) => {
    it.each([0, 125, 126, 65_535, 65_536])('reads the header of a frame of %i bytes', (length) => {
      const { frames, messages } = scan(frame({ opcode: 2, payload: Buffer.alloc(length) }), 10_000);
      expect(frames).toEqual([{ opcode: 2, fin: true, rsv1: false, masked, length }]);
      expect(messages).toEqual([['binary', length]]);
    });

    it.each([1, 2, 3, 7, 1000])('reads frames that arrive in pieces of %i bytes', (size) => {
      const payload = Buffer.alloc(300);
      const stream = [
        frame({ opcode: 1, payload, fin: false, reserved: 4 }),
        frame({ opcode: 9, payload: 'between' }),
        frame({ opcode: 0, payload }),
        frame({ opcode: 2 }),
        frame({ opcode: 8, payload: Buffer.from([3, 232]) }),
      ];
      const { frames, messages } = scan(Buffer.concat(stream), size);
      expect(frames.map(({ opcode, fin, rsv1, length }) => [opcode, fin, rsv1, length])).toEqual([
        [1, false, true, 300],
        [9, true, false, 7],
        [0, true, false, 300],
        [2, true, false, 0],
        [8, true, false, 2],
      ]);
      expect(messages).toEqual([
        ['text', 600],
        ['binary', 0],
      ]);
    });
  });

  it('reports the header before the payload has arrived, and the message after its last byte', () => {
    const bytes = Buffer.concat([text('begin', false), ping(), continuation('end')]);
    expect(scan(bytes.subarray(0, -1), 100)).toMatchObject({ frames: [{}, {}, { fin: true }], messages: [] });
    expect(scan(bytes, 100).messages).toEqual([['text', 8]]);
  });

  it('counts each message separately', () => {
    expect(scan(Buffer.concat([binary('12'), text('123'), close(1000)]), 100).messages).toEqual([
      ['binary', 2],
      ['text', 3],
    ]);
  });

  it.each<[string, Buffer, Partial<WebSocketFrame>]>([
    ['an opcode without a meaning', Buffer.from([0x83, 0x80, 0, 0, 0, 0]), { opcode: 3 }],
    ['a length of more than 2^53 bytes', Buffer.from([0x82, 127, ...Buffer.alloc(8, 0xff)]), { length: 2 ** 64 }],
  ])('reports a frame with %s, which the parser rejects', (_what, bytes, frame) => {
    expect(scan(bytes, 100).frames).toEqual([expect.objectContaining(frame)]);
  });
});
