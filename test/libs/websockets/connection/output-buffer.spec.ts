import { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { OutputBuffer } from '../../../../libs/websockets/src/connection/output-buffer.js';

const TEXT = 0x81;

/** A socket that completes writes at once, like a kernel with room, or holds them until the test continues. */
class Sink extends Duplex {
  readonly writes: Buffer[] = [];
  /** The buffers of the writes that the socket holds. */
  readonly given = new Set<ArrayBufferLike>();
  isStuck = false;
  private readonly kept: (() => void)[] = [];

  override _read(): void {}

  override write(chunk: Buffer): boolean {
    this.given.add(chunk.buffer);
    return super.write(chunk);
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.accept([chunk], done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.accept(
      chunks.map(({ chunk }) => chunk),
      done,
    );
  }

  goOn(): void {
    this.isStuck = false;
    this.kept.splice(0).forEach((done) => done());
  }

  /** All written bytes, copied late: this reveals a change to bytes that were already handed over. */
  get bytes(): Buffer {
    return Buffer.concat(this.writes);
  }

  private accept(chunks: Buffer[], done: () => void): void {
    if (this.isStuck) {
      this.writes.push(...chunks);
      this.kept.push(done);
    } else {
      this.writes.push(Buffer.concat(chunks));
      done();
    }
  }
}

function frame(bytes: Buffer): Buffer {
  const { length } = bytes;
  const header =
    length < 126
      ? [TEXT, length]
      : length < 65536
        ? [TEXT, 126, length >> 8, length & 0xff]
        : [TEXT, 127, 0, 0, 0, 0, 0, length >> 16, (length >> 8) & 0xff, length & 0xff];
  return Buffer.concat([Buffer.from(header), bytes]);
}

function payload(length: number, seed = 0): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) {
    bytes[i] = i * 31 + seed;
  }
  return bytes;
}

function add(output: OutputBuffer, bytes: Buffer, start = 0, end = bytes.length): void {
  output.frame(TEXT, bytes, start, end);
}

describe('OutputBuffer', () => {
  it.each([0, 1, 15, 16, 17, 125, 126, 320, 321, 5000, 16384, 16385, 65535, 65536, 200_000])(
    'writes a payload of %i bytes from any alignment to any alignment, between others, in order',
    (length) => {
      for (let position = 0; position < 5; position++) {
        for (let before = 0; before < 4; before++) {
          const sink = new Sink();
          const output = new OutputBuffer(sink, 1_000_000);
          const bytes = payload(position + length + 3);
          add(output, payload(before, 5));
          add(output, bytes, position, position + length);
          add(output, payload(40, 9));
          output.flush();
          const expected = [payload(before, 5), bytes.subarray(position, position + length), payload(40, 9)];
          expect(sink.bytes.equals(Buffer.concat(expected.map(frame)))).toBe(true);
        }
      }
    },
  );

  it.each([0, 1, 3, 4, 15, 16, 17, 64, 319, 320])(
    'unmasks a payload of %i bytes during the copy, for any alignment, and leaves its source unchanged',
    (length) => {
      const key = Buffer.from([0x01, 0x82, 0x43, 0xc4]);
      for (let position = 0; position < 5; position++) {
        for (let before = 0; before < 4; before++) {
          const sink = new Sink();
          const output = new OutputBuffer(sink, 1_000_000);
          const plain = payload(length);
          const masked = Buffer.from(plain.map((byte, i) => byte ^ key[i % 4]));
          const bytes = Buffer.concat([payload(position, 3), masked, payload(3)]);
          const untouched = Buffer.from(bytes);
          add(output, payload(before, 5));
          output.frame(TEXT, bytes, position, position + length, key.readInt32LE());
          output.flush();
          expect(sink.bytes.equals(Buffer.concat([frame(payload(before, 5)), frame(plain)]))).toBe(true);
          expect(bytes.equals(untouched)).toBe(true);
        }
      }
    },
  );

  it('makes one write of all added data', () => {
    const sink = new Sink();
    const output = new OutputBuffer(sink, 1_000_000);
    for (let i = 0; i < 1000; i++) {
      add(output, payload(32, i));
    }
    add(output, payload(50_000));
    add(output, payload(10));
    expect(sink.writes).toHaveLength(0);
    output.flush();
    expect(sink.writes).toHaveLength(1);
  });

  it('makes several writes of data larger than a block', () => {
    const sink = new Sink();
    const output = new OutputBuffer(sink, 10_000_000);
    const frames = Array.from({ length: 200 }, (_, i) => payload(3000, i));
    frames.forEach((bytes) => add(output, bytes));
    output.flush();
    expect(sink.writes.length).toBeGreaterThan(1);
    expect(sink.bytes.equals(Buffer.concat(frames.map(frame)))).toBe(true);
  });

  it('separates the bytes of connections that alternate in one turn of the event loop', async () => {
    const sinks = Array.from({ length: 3 }, () => new Sink());
    const outputs = sinks.map((sink) => new OutputBuffer(sink, 1_000_000));
    for (let round = 0; round < 50; round++) {
      outputs.forEach((output, i) => {
        add(output, payload(20 + round, i));
        output.flushSoon();
      });
    }
    await turn();
    sinks.forEach((sink, i) => {
      const expected = Array.from({ length: 50 }, (_, round) => frame(payload(20 + round, i)));
      expect(sink.bytes.equals(Buffer.concat(expected))).toBe(true);
    });
  });

  it('writes a whole frame after shared frames that have filled the block', () => {
    const sinks = Array.from({ length: 5 }, () => new Sink());
    const [output, ...others] = sinks.map((sink) => new OutputBuffer(sink, 1_000_000));
    others.forEach((other) => add(other, payload(14 * 1024)));
    const [first, second, last] = [payload(30 * 1024, 1), payload(30 * 1024, 2), payload(16 * 1024, 3)];
    output.sharedFrame(frame(first));
    output.sharedFrame(frame(second));

    add(output, last);
    [output, ...others].forEach((one) => one.flush());

    expect(sinks[0].bytes.equals(Buffer.concat([first, second, last].map(frame)))).toBe(true);
  });

  it.each([[10], [1000], [100_000]])('never overwrites %i bytes that a socket has not sent yet', async (length) => {
    const stuck = new Sink();
    stuck.isStuck = true;
    const other = new Sink();
    const [output, otherOutput] = [new OutputBuffer(stuck, 1e9), new OutputBuffer(other, 1e9)];
    const frames = Array.from({ length: 6 }, (_, i) => payload(length, i));
    for (const bytes of frames) {
      add(output, bytes);
      output.flush();
      add(otherOutput, payload(length, 77));
      otherOutput.flush();
    }
    stuck.goOn();
    await turn();
    expect(stuck.bytes.equals(Buffer.concat(frames.map(frame)))).toBe(true);
  });

  it('keeps at most the unsent bytes and one block for a stuck connection', () => {
    const sink = new Sink();
    sink.isStuck = true;
    const output = new OutputBuffer(sink, 1e9);
    for (let i = 0; i < 100; i++) {
      add(output, payload(10, i));
      output.flush();
    }
    const bytes = [...sink.given].reduce((sum, buffer) => sum + buffer.byteLength, 0);
    expect(bytes).toBeLessThan(300_000);
  });

  it('is full when more than sendBufferSize bytes are unsent, but not below the high-water mark of the socket', () => {
    const sink = new Sink({ writableHighWaterMark: 1000 });
    sink.isStuck = true;
    const output = new OutputBuffer(sink, 2000);
    const sizes = [500, 1000, 1000];
    const full = sizes.map((size) => {
      add(output, payload(size));
      output.flush();
      return output.isFull;
    });
    expect(full).toEqual([false, false, true]);
  });

  it('flushes by itself, within a turn, more than sendBufferSize', () => {
    const sink = new Sink();
    const output = new OutputBuffer(sink, 1000);
    add(output, payload(900));
    expect(sink.writes).toHaveLength(0);
    add(output, payload(900));
    expect(sink.writes).toHaveLength(1);
  });

  describe('after a read', () => {
    /** Has each output add a frame of each round and end its read. @returns how many have written when the last one is read */
    async function readRounds(
      outputs: readonly OutputBuffer[],
      sinks: readonly Sink[],
      rounds: number,
    ): Promise<number> {
      let written = 0;
      for (let round = 0; round < rounds; round++) {
        const before = sinks.map(({ writes }) => writes.length);
        outputs.forEach((output, i) => {
          add(output, payload(20 + round, i));
          output.flushAfterRead();
        });
        written = sinks.filter(({ writes }, i) => writes.length > before[i]).length;
        await turn();
      }
      return written;
    }

    it('writes at once while few sockets are read in a round', async () => {
      const sinks = Array.from({ length: 4 }, () => new Sink());
      const outputs = sinks.map((sink) => new OutputBuffer(sink, 1_000_000));
      expect(await readRounds(outputs, sinks, 50)).toBe(4);
    });

    it('writes 16 outputs together while many sockets are read, the rest after the round, and to each its own bytes', async () => {
      const sinks = Array.from({ length: 100 }, () => new Sink());
      const outputs = sinks.map((sink) => new OutputBuffer(sink, 1_000_000));
      expect(await readRounds(outputs, sinks, 50)).toBe(96);
      sinks.forEach((sink, i) => {
        const expected = Array.from({ length: 50 }, (_, round) => frame(payload(20 + round, i)));
        expect(sink.bytes.equals(Buffer.concat(expected))).toBe(true);
      });
    });

    it('writes at once what is large, and early what leaves no room in the block', async () => {
      const sinks = Array.from({ length: 100 }, () => new Sink());
      const outputs = sinks.map((sink) => new OutputBuffer(sink, 1_000_000));
      await readRounds(outputs, sinks, 50);
      const before = sinks.map(({ bytes }) => bytes.length);
      const frames = sinks.slice(0, 16).map((_sink, i) => payload(i === 15 ? 16_000 : 8000, i));
      frames.forEach((bytes, i) => {
        add(outputs[i], bytes);
        outputs[i].flushAfterRead();
      });
      frames.forEach((bytes, i) => expect(sinks[i].bytes.subarray(before[i]).equals(frame(bytes))).toBe(true));
    });
  });
});
