import { once } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { LineWriter } from '../../src/access-log/line-writer.js';
import { until } from '../support/until.js';

const droppedLine = (count: number): string => `${count} dropped\n`;

/** A stream that keeps each write, and takes none of the next ones before `take()`. */
class SlowStream extends Writable {
  readonly writes: string[] = [];
  private taken = (): void => {};

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.writes.push(chunk.toString());
    this.taken = callback;
  }

  take(): void {
    this.taken();
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

  it('drops and counts lines while the stream does not keep up, and says later how many', async () => {
    const stream = new SlowStream();
    const writer = new LineWriter(stream, droppedLine);
    const line = `${'x'.repeat(99_999)}\n`;
    for (let i = 0; i < 20; i++) {
      writer.write(line);
    }
    expect(writer.dropped).toBe(8);
    expect(stream.writableLength).toBeLessThan(1024 * 1024 + 100_001);
    const drained = once(stream, 'drain');
    await until(() => {
      stream.take();
      return stream.writableLength === 0;
    });
    await drained;
    await until(() => stream.writes.at(-1) === '8 dropped\n');
    expect(writer.dropped).toBe(8);
  });
});
