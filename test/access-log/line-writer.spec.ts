import { PassThrough, Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { LineWriter } from '../../src/access-log/line-writer.js';
import { until } from '../support/until.js';

const droppedLine = (count: number): string => `${count} dropped\n`;

/** A stream that takes nothing before `take()`, and then all that waits at once, as a pipe does. */
class SlowStream extends Writable {
  readonly writes: string[] = [];
  private taken = (): void => {};

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.keep(chunk, callback);
  }

  override _writev(chunks: { chunk: Buffer }[], callback: () => void): void {
    this.keep(Buffer.concat(chunks.map(({ chunk }) => chunk)), callback);
  }

  private keep(bytes: Buffer, callback: () => void): void {
    this.writes.push(bytes.toString());
    this.taken = callback;
  }

  take(): void {
    const { taken } = this;
    this.taken = () => {};
    taken();
  }
}

describe('The writer of lines', () => {
  it('writes those of one turn of the event loop at once', async () => {
    const stream = new SlowStream();
    const writer = new LineWriter(stream, droppedLine);
    writer.write('a\n');
    writer.write('b\n');
    expect(stream.writes).toEqual([]);
    await turn();
    expect(stream.writes).toEqual(['a\nb\n']);
  });

  it('writes lines that come in quick succession at once', () => {
    jest.useFakeTimers();
    const stream = new SlowStream();
    const writer = new LineWriter(stream, droppedLine);
    writer.write('a\n');
    jest.advanceTimersByTime(1);
    expect(stream.writes).toEqual(['a\n']);
    stream.take();
    writer.write('b\n');
    jest.advanceTimersByTime(1);
    writer.write('c\n');
    jest.advanceTimersByTime(10);
    expect(stream.writes).toEqual(['a\n', 'b\nc\n']);
    jest.useRealTimers();
  });

  it('writes what it has when the process ends', () => {
    const stream = new SlowStream();
    const writer = new LineWriter(stream, droppedLine);
    writer.write('a\n');
    writer.flush();
    writer.flush();
    expect(stream.writes).toEqual(['a\n']);
  });

  it('writes a turn of many lines in pieces, and drops none of them while the stream keeps up', async () => {
    const stream = new PassThrough({ encoding: 'utf8' });
    const writer = new LineWriter(stream, droppedLine);
    const line = `${'x'.repeat(99)}\n`;
    let length = 0;
    stream.on('data', (text: string) => (length += text.length));
    for (let i = 0; i < 20_000; i++) {
      writer.write(line);
      if (i % 5_000 === 0) {
        await turn();
      }
    }
    writer.flush();
    await turn();
    expect(writer.dropped).toBe(0);
    expect(length).toBe(2_000_000);
  });

  it('has whole lines in each write, and at most 4096 bytes, so that lines of several processes do not mix', async () => {
    const stream = new SlowStream();
    const writer = new LineWriter(stream, droppedLine);
    const line = `${'é'.repeat(60)}\n`;
    for (let i = 0; i < 200; i++) {
      writer.write(line);
      await turn();
      if (i % 3 === 0) {
        stream.take();
      }
    }
    await until(() => {
      stream.take();
      return stream.writableLength === 0;
    });
    writer.flush();
    expect(stream.writes.join('')).toBe(line.repeat(200));
    for (const write of stream.writes) {
      expect(write).toMatch(/\n$/);
      expect(Buffer.byteLength(write)).toBeLessThanOrEqual(4096);
    }
  });

  it('counts the lines that cannot be written, as to a pipe that is not read any more', async () => {
    const stream = new Writable({ write: (_chunk, _encoding, callback) => callback(new Error('EPIPE')) });
    stream.on('error', () => {});
    const writer = new LineWriter(stream, droppedLine);
    for (const count of [1, 2]) {
      writer.write('a\n');
      writer.flush();
      await turn();
      expect(writer.dropped).toBe(count);
    }
  });

  it('drops and counts lines while the stream does not keep up, and says later how many', async () => {
    const stream = new SlowStream();
    const writer = new LineWriter(stream, droppedLine);
    const line = `${'x'.repeat(4095)}\n`;
    for (let i = 0; i < 270; i++) {
      writer.write(line);
    }
    expect(writer.dropped).toBe(13);
    await until(() => {
      stream.take();
      return stream.writes.at(-1) === '13 dropped\n';
    });
    expect(stream.writes).toHaveLength(258);
    expect(writer.dropped).toBe(13);
  });
});
