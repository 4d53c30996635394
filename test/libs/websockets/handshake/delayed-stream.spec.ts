import { once } from 'node:events';
import { Duplex, duplexPair } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { DelayedStream } from '../../../../libs/websockets/src/handshake/delayed-stream.js';

describe('A DelayedStream', () => {
  it('buffers writes until it is opened, then passes them on in order and in as few writes as possible', async () => {
    const stream = new DelayedStream();
    const writes: string[] = [];
    const take = (chunks: readonly { chunk: Buffer }[], done: () => void): void => {
      writes.push(chunks.map(({ chunk }) => chunk.toString()).join(''));
      done();
    };
    const target = new Duplex({
      read() {},
      write: (chunk: Buffer, _encoding, done) => take([{ chunk }], done),
      writev: (chunks: { chunk: Buffer }[], done) => take(chunks, done),
    });
    stream.write('a'); // passed on at once
    stream.write('b');
    const written = new Promise((resolve) => stream.write('c', resolve));
    await turn();
    expect(writes).toEqual([]);
    stream.open(target);
    await written;
    expect(writes).toEqual(['a', 'bc']);
    stream.destroy();
  });

  it('ends the other stream after all writes', async () => {
    const stream = new DelayedStream();
    const [near, far] = duplexPair();
    stream.end('all');
    stream.open(near);
    expect(await text(far)).toBe('all');
  });

  it('reads nothing before it is opened, and everything afterwards', async () => {
    const stream = new DelayedStream();
    const [near, far] = duplexPair();
    far.end('hello');
    await turn();
    expect(stream.read()).toBeNull();
    stream.open(near);
    expect(await text(stream)).toBe('hello');
  });

  it('is destroyed together with the other stream, with its error', async () => {
    const stream = new DelayedStream();
    const [near] = duplexPair();
    stream.open(near);
    const failed = once(stream, 'error');
    near.destroy(new Error('reset'));
    expect(await failed).toEqual([new Error('reset')]);
    expect(stream.destroyed).toBe(true);
  });

  it.each([
    ['before', true],
    ['after', false],
  ])('destroys the other stream when it is destroyed %s its opening', async (_when, isBefore) => {
    const stream = new DelayedStream();
    const [near] = duplexPair();
    const closed = once(near, 'close');
    if (isBefore) {
      stream.destroy();
    }
    stream.open(near);
    stream.destroy();
    await closed;
    expect(near.destroyed).toBe(true);
  });
});
