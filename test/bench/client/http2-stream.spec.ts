import { Http2Stream } from '../../../bench/client/http2-stream.js';
import { ReceiveWindow } from '../../../bench/client/receive-window.js';

const listener = { onOpen: () => {}, onBytes: () => {}, onFailure: () => {} };

function streamWith(sendWindow: number): Http2Stream {
  const sender = { send: () => {}, end: () => {} };
  return new Http2Stream(1, { send: sendWindow, receive: 100 }, sender, listener);
}

describe('Http2Stream', () => {
  it('gives what is to be sent in order, in pieces of the size that is asked for', () => {
    const stream = streamWith(1000);
    stream.write(Buffer.from('abcde'));
    stream.write(Buffer.from('fg'));
    const pieces = Array.from({ length: 5 }, () => stream.takeUnsent(2)?.toString());
    expect(pieces).toEqual(['ab', 'cd', 'e', 'fg', undefined]);
  });

  it('gives no more than the server has room for', () => {
    const stream = streamWith(3);
    stream.write(Buffer.from('abcde'));
    expect(stream.takeUnsent(100)?.toString()).toBe('abc');
    expect(stream.takeUnsent(100)).toBeUndefined();
    stream.sendWindow += 1;
    expect(stream.takeUnsent(100)?.toString()).toBe('d');
  });

  it('gives nothing when the server has taken room back', () => {
    const stream = streamWith(-5);
    stream.write(Buffer.from('abcde'));
    expect(stream.takeUnsent(100)).toBeUndefined();
  });
});

describe('ReceiveWindow', () => {
  it('gives back all that has come, once half of it is used up', () => {
    const window = new ReceiveWindow(100);
    expect([20, 29, 1, 49, 60].map((bytes) => window.receive(bytes))).toEqual([0, 0, 50, 0, 109]);
  });
});
