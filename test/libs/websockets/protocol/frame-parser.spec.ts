import { isDeepStrictEqual } from 'node:util';
import { FrameParser } from '../../../../libs/websockets/src/protocol/frame-parser.js';
import { ProtocolError } from '../../../../libs/websockets/src/protocol/close-status.js';
import { binary, clientFrame, close, continuation, ping, pong, text } from './client-frame.js';

const MIB = 1024 * 1024;

/** All events of a parser. Adjacent fragments of a message are joined, because their boundaries do not matter. */
class Transcript {
  readonly events: string[] = [];
  fragments = 0;
  largest = 0;
  private message = '';
  readonly parser: FrameParser;

  constructor(receiveBufferSize = 65536, { stopping = false } = {}) {
    this.parser = new FrameParser(
      {
        onFragment: (fragment) => {
          this.parser.isFlowing = !stopping;
          this.fragments++;
          this.largest = Math.max(this.largest, fragment.length);
          if (fragment.data.length !== fragment.length) {
            this.events.push(`${fragment.data.length} bytes instead of ${fragment.length}`);
          }
          this.message += fragment.data.toString('latin1');
          if (fragment.endOfMessage) {
            this.events.push(`${fragment.type}:${this.message}`);
            this.message = '';
          }
        },
        onPing: (payload) => this.events.push(`ping:${payload.toString('latin1')}`),
        onPong: (payload) => this.events.push(`pong:${payload.toString('latin1')}`),
        onCloseFrame: (status, description) => this.events.push(`close:${status}:${description}`),
      },
      receiveBufferSize,
    );
    this.parser.isFlowing = true;
  }

  /** Parses the bytes in pieces that end at `cuts`. An error ends the transcript. */
  take(bytes: Buffer, cuts: readonly number[] = []): this {
    return this.noting(() => {
      let from = 0;
      for (const to of [...cuts, bytes.length]) {
        // A copy, because the parser unmasks in place and the bytes are parsed again.
        this.parser.parse(Buffer.from(bytes.subarray(from, to)));
        from = to;
      }
    });
  }

  resume(): this {
    return this.noting(() => this.parser.resume());
  }

  private noting(parse: () => void): this {
    try {
      parse();
    } catch (error) {
      if (!(error instanceof ProtocolError)) {
        throw error;
      }
      this.events.push(`error:${error.closeStatus}`);
    }
    return this;
  }
}

const latin1 = (utf8: string): string => Buffer.from(utf8).toString('latin1');

const streams: readonly (readonly [string, Buffer, readonly string[]])[] = [
  ['an empty text message', text(''), ['text:']],
  ['a text message', text('Hello'), ['text:Hello']],
  ['a binary message of 125 bytes', binary('x'.repeat(125)), [`binary:${'x'.repeat(125)}`]],
  ['a binary message of 126 bytes', binary('x'.repeat(126)), [`binary:${'x'.repeat(126)}`]],
  ['text outside ASCII', text('κόσμε – 𐍈 🎉'), [`text:${latin1('κόσμε – 𐍈 🎉')}`]],
  [
    'a fragmented message with an empty fragment and control frames',
    Buffer.concat([text('Hel', false), ping('a'), continuation('', false), pong('b'), continuation('lo'), ping()]),
    ['ping:a', 'pong:b', 'text:Hello', 'ping:'],
  ],
  [
    'characters split between fragments',
    Buffer.concat([text(Buffer.from('🎉').subarray(0, 3), false), continuation(Buffer.from('🎉é').subarray(3))]),
    [`text:${latin1('🎉é')}`],
  ],
  [
    'many messages and a close',
    Buffer.concat([text('a'), binary('b'), text('c'), close(1000, 'bye')]),
    ['text:a', 'binary:b', 'text:c', 'close:1000:bye'],
  ],
  ['bytes after a close', Buffer.concat([close(1000), text('no')]), ['close:1000:']],
  ['a close without a status', close(), ['close:undefined:']],
  ['a close with a reason of 123 bytes', close(4999, 'é'.repeat(61) + '.'), [`close:4999:${'é'.repeat(61)}.`]],
  ['invalid UTF-8 text', Buffer.concat([text('ok'), text(Buffer.from([0x61, 0xc0, 0xaf]))]), ['text:ok', 'error:1007']],
  ['text that ends inside a character', text(Buffer.from('é').subarray(0, 1)), ['error:1007']],
  [
    'a surrogate split between fragments',
    Buffer.concat([text(Buffer.from([0xed]), false), continuation(Buffer.from([0xa0, 0x80]))]),
    ['error:1007'],
  ],
];

describe('FrameParser', () => {
  describe.each(streams)('for %s', (_name, bytes, events) => {
    /** The ways to cut the bytes that give other events. */
    const differing = (ways: readonly number[][]): readonly number[][] =>
      ways.filter((cuts) => !isDeepStrictEqual(new Transcript().take(bytes, cuts).events, events));

    it('gives the same events when the bytes are split in two anywhere', () => {
      const cuts = Array.from({ length: bytes.length + 1 }, (_, cut) => [cut]);
      expect(differing(cuts)).toEqual([]);
    });

    it('gives the same events when the bytes are split in three anywhere', () => {
      const cuts = Array.from({ length: Math.min(bytes.length, 40) + 1 }, (_, cut) => cut);
      const pairs = cuts.flatMap((first) => cuts.slice(first).map((second) => [first, second]));
      expect(differing(pairs)).toEqual([]);
    });

    it('gives the same events when the bytes arrive one by one', () => {
      const cuts = Array.from({ length: bytes.length }, (_, i) => i);
      expect(new Transcript().take(bytes, cuts).events).toEqual(events);
    });

    it('gives the same events when fragments are limited to one byte', () => {
      expect(new Transcript(1).take(bytes).events).toEqual(events);
    });

    it('gives the same events when the flow stops at every fragment', () => {
      const transcript = new Transcript(3, { stopping: true }).take(bytes);
      while (transcript.parser.isHolding) {
        transcript.parser.isFlowing = true;
        transcript.resume();
      }
      expect(transcript.events).toEqual(events);
    });
  });

  it.each<[string, Buffer, number]>([
    ['RSV1', clientFrame({ opcode: 1, reserved: 4 }), 1002],
    ['RSV2', clientFrame({ opcode: 1, reserved: 2 }), 1002],
    ['RSV3', clientFrame({ opcode: 1, reserved: 1 }), 1002],
    ['a reserved bit in a control frame', clientFrame({ opcode: 9, reserved: 4 }), 1002],
    ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): [string, Buffer, number] => [
      `the opcode ${opcode}`,
      clientFrame({ opcode }),
      1002,
    ]),
    ['a fragmented ping', clientFrame({ opcode: 9, fin: false }), 1002],
    ['a fragmented close', clientFrame({ opcode: 8, fin: false }), 1002],
    ['a ping of 126 bytes', clientFrame({ opcode: 9, payload: 'x'.repeat(126) }), 1002],
    ['a continuation without a message', continuation('x'), 1002],
    ['a continuation after the last fragment', Buffer.concat([text('a'), continuation('b')]), 1002],
    ['a message inside a message', Buffer.concat([text('a', false), text('b')]), 1002],
    ['an unmasked frame', clientFrame({ opcode: 1, payload: 'x', masked: false }), 1002],
    ['a length with the top bit set', Buffer.from([0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]), 1002],
    ['a length above 2^53', Buffer.from([0x82, 0xff, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), 1009],
    ['a close of one byte', clientFrame({ opcode: 8, payload: 'x' }), 1002],
    ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535].map((status): [string, Buffer, number] => [
      `the close status ${status}`,
      close(status),
      1002,
    ]),
    ['a close reason that is not UTF-8', close(1000, Buffer.from([0xff])), 1007],
    ['a close reason that ends inside a character', close(1000, Buffer.from([0xc3])), 1007],
  ])('rejects %s, however it is split', (_name, bytes, closeStatus) => {
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(new Transcript().take(bytes, [cut]).events.at(-1)).toBe(`error:${closeStatus}`);
    }
  });

  it.each<[string, number[], number]>([
    ['a reserved bit at the first byte', [0xc1], 1002],
    ['an unknown opcode at the first byte', [0x83], 1002],
    ['an unmasked frame at the second byte', [0x81, 0x05], 1002],
    ['a length with the top bit set at its first byte', [0x82, 0xff, 0x80], 1002],
    ['a long ping at the second byte', [0x89, 0xfe], 1002],
    ['invalid text before the end of the frame', [0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x61, 0xff], 1007],
    ['an overlong form at its second byte', [0x81, 0x84, 0, 0, 0, 0, 0xe0, 0x80], 1007],
  ])('rejects %s', (_name, bytes, closeStatus) => {
    const transcript = new Transcript().take(Buffer.from(bytes.slice(0, -1)));
    expect(transcript.events).toEqual([]);
    expect(transcript.take(Buffer.from(bytes.slice(-1))).events).toEqual([`error:${closeStatus}`]);
  });

  it.each([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999])(
    'accepts the close status %i',
    (status) => expect(new Transcript().take(close(status)).events).toEqual([`close:${status}:`]),
  );

  it('delivers incomplete frames, in fragments of at most receiveBufferSize', () => {
    const transcript = new Transcript(4096);
    transcript.take(binary('x'.repeat(10_000)));
    expect(transcript.fragments).toBe(3);
    expect(transcript.largest).toBe(4096);
  });

  it('accepts a length field that is longer than necessary, as ASP.NET Core does', () => {
    const bytes = Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0x61]);
    expect(new Transcript().take(bytes).events).toEqual(['binary:a']);
  });

  it('parses a frame of 5 GiB like a small one', () => {
    const transcript = new Transcript();
    const header = Buffer.from([0x82, 0xff, 0, 0, 0, 1, 0x40, 0, 0, 0, 0, 0, 0, 0]);
    const parser = new FrameParser(
      {
        onFragment: ({ length, endOfMessage }) => {
          transcript.fragments += length;
          expect(endOfMessage).toBe(transcript.fragments === 5 * 1024 * MIB);
        },
        onPing: () => {},
        onPong: () => {},
        onCloseFrame: () => {},
      },
      64 * MIB,
    );
    parser.isFlowing = true;
    parser.parse(header);
    const piece = Buffer.alloc(64 * MIB);
    for (let i = 0; i < 80; i++) {
      parser.parse(piece);
    }
    expect(transcript.fragments).toBe(5 * 1024 * MIB);
  });

  describe('while the flow is stopped', () => {
    it('reads control frames, holds the first message, and reports that it holds bytes', () => {
      const transcript = new Transcript();
      const { parser } = transcript;
      parser.isFlowing = false;
      transcript.take(Buffer.concat([ping('1'), text('Hi'), ping('2')]));
      expect(transcript.events).toEqual(['ping:1']);
      expect(parser.isHolding).toBe(true);

      transcript.take(pong('3'));
      parser.isFlowing = true;
      parser.resume();
      expect(transcript.events).toEqual(['ping:1', 'text:Hi', 'ping:2', 'pong:3']);
      expect(parser.isHolding).toBe(false);
    });

    it('holds an empty message', () => {
      const transcript = new Transcript();
      transcript.parser.isFlowing = false;
      transcript.take(text(''));
      expect(transcript.events).toEqual([]);
      transcript.parser.isFlowing = true;
      transcript.parser.resume();
      expect(transcript.events).toEqual(['text:']);
    });
  });

  it('ignores all bytes after a stop', () => {
    const transcript = new Transcript();
    transcript.parser.isFlowing = false;
    transcript.take(text('held'));
    transcript.parser.stop();
    expect(transcript.parser.isHolding).toBe(false);
    transcript.parser.isFlowing = true;
    transcript.take(text('more'));
    expect(transcript.events).toEqual([]);
  });

  it('invalidates a fragment after its callback', () => {
    let kept: { readonly data: Buffer; readonly length: number } | undefined;
    const parser = new FrameParser(
      { onFragment: (fragment) => (kept = fragment), onPing: () => {}, onPong: () => {}, onCloseFrame: () => {} },
      100,
    );
    parser.isFlowing = true;
    parser.parse(text('Hi'));
    expect(kept?.length).toBe(0);
    expect(() => kept?.data).toThrow('valid only during the callback');
  });
});
