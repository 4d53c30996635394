import {
  Flag,
  FrameType,
  http2FrameHeader,
  Http2FrameReader,
  type Http2Frame,
} from '../../../bench/client/http2-frames.js';

function frame(head: Http2Frame, payload = ''): Buffer {
  return Buffer.concat([http2FrameHeader(head, payload.length), Buffer.from(payload)]);
}

/** What a reader tells of bytes that come in reads of `readLength`; pieces of DATA put together again. */
function read(bytes: Buffer, readLength: number): string[] {
  const told: string[] = [];
  const reader = new Http2FrameReader({
    onData: (stream, from, start, end) => {
      const piece = from.toString('latin1', start, end);
      if (told.at(-1)?.startsWith(`data ${stream}: `)) {
        told.push(told.pop() + piece);
      } else {
        told.push(`data ${stream}: ${piece}`);
      }
    },
    onEndOfStream: (stream) => told.push(`end ${stream}`),
    onFrame: ({ type, flags, stream }, payload) => told.push(`frame ${type} ${flags} ${stream}: ${payload.toString()}`),
  });
  for (let start = 0; start < bytes.length; start += readLength) {
    reader.read(bytes, start, Math.min(bytes.length, start + readLength));
  }
  return told;
}

describe('Http2FrameReader', () => {
  const bytes = Buffer.concat([
    frame({ type: FrameType.settings, flags: 0, stream: 0 }),
    frame({ type: FrameType.headers, flags: Flag.endHeaders, stream: 1 }, 'head'),
    frame({ type: FrameType.data, flags: 0, stream: 1 }, 'some'),
    frame({ type: FrameType.data, flags: 0, stream: 1 }),
    frame({ type: FrameType.ping, flags: 0, stream: 0 }, '12345678'),
    frame({ type: FrameType.data, flags: Flag.endStream, stream: 3 }, 'last'),
    frame({ type: FrameType.data, flags: Flag.endStream, stream: 5 }),
  ]);

  it.each(Array.from({ length: bytes.length }, (_, index) => index + 1))(
    'reads frames from reads of %d bytes',
    (length) => {
      expect(read(bytes, length)).toEqual([
        'frame 4 0 0: ',
        'frame 1 4 1: head',
        'data 1: some',
        'frame 6 0 0: 12345678',
        'data 3: last',
        'end 3',
        'end 5',
      ]);
    },
  );

  it.each([
    ['padding', FrameType.data, Flag.padded],
    ['padding of headers', FrameType.headers, Flag.padded],
    ['a priority', FrameType.headers, Flag.priority],
  ])('refuses %s', (_, type, flags) => {
    expect(() => read(frame({ type, flags, stream: 1 }, 'x'), 100)).toThrow('a padded frame of HTTP/2');
  });
});
