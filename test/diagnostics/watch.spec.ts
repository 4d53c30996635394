import { jest } from '@jest/globals';
import type { WebSocketConnection, WebSocketHandshake } from 'nest-raw-websockets';
import { EventStream } from '../../src/diagnostics/event-stream.js';
import { Watch } from '../../src/diagnostics/watch.js';

const connection = {} as WebSocketConnection;
const frame = { opcode: 2, fin: true, rsv1: false, masked: true, length: 10 };

/** The kinds of the events that a stream has sent, with their data. */
function eventsOf(stream: EventStream): [kind: string, data: Record<string, unknown>][] {
  const text = String((stream.read() as Buffer | null) ?? '');
  return Array.from(text.matchAll(/^event: (.*)\ndata: (.*)$/gm), ([, kind, data]) => [
    kind,
    JSON.parse(data) as Record<string, unknown>,
  ]);
}

describe('A watch', () => {
  let stream: EventStream;
  let watch: Watch;
  let cut: jest.Mock<() => void>;

  beforeEach(() => {
    jest.useFakeTimers({ now: 1_000_000 });
    cut = jest.fn();
    stream = new EventStream(cut);
    watch = new Watch(stream);
  });
  afterEach(() => {
    watch.end();
    stream.release();
    jest.useRealTimers();
  });

  it('tells 500 frames a second one by one, and sums up those above', () => {
    for (let i = 0; i < 700; i++) {
      watch.frameReceived(connection, frame);
    }
    watch.frameSent(connection, frame);
    expect(eventsOf(stream)).toHaveLength(500);
    jest.advanceTimersByTime(1_000);
    expect(eventsOf(stream)).toEqual([
      ['frames', expect.objectContaining({ from: 'client', count: 200, length: 2_000 })],
      ['frames', expect.objectContaining({ from: 'server', count: 1, length: 10 })],
    ]);
    watch.frameReceived(connection, frame);
    expect(eventsOf(stream)).toEqual([['frame', expect.objectContaining({ from: 'client', ...frame })]]);
  });

  it('sums up for a client that does not read, and keeps no more for it than a limit', () => {
    for (let second = 0; second < 60; second++) {
      for (let i = 0; i < 1_000; i++) {
        watch.frameReceived(connection, frame);
      }
      watch.paused(connection, 1);
      jest.advanceTimersByTime(1_000);
    }
    expect(stream.readableLength).toBeLessThan(300 * 1024);
    const read = eventsOf(stream);
    jest.advanceTimersByTime(1_000);
    const told = [...read, ...eventsOf(stream)].map(([kind, { count = 0 }]) =>
      kind === 'frame' ? 1 : kind === 'frames' ? Number(count) : 0,
    );
    expect(told.reduce((sum, count) => sum + count)).toBe(60_000);
  });

  it('tells what is summed up before it tells the close', () => {
    for (let i = 0; i < 501; i++) {
      watch.frameReceived(connection, frame);
    }
    watch.closed({ by: 'peer', status: undefined, description: '' });
    const kinds = eventsOf(stream).slice(500);
    expect(kinds).toEqual([
      ['frames', expect.objectContaining({ count: 1 })],
      ['close', expect.objectContaining({ by: 'peer', status: 1005, description: '' })],
    ]);
    expect(jest.getTimerCount()).toBeGreaterThan(0);
  });

  it('tells what is summed up before the close also to a client that is behind', () => {
    for (let second = 0; second < 60; second++) {
      for (let i = 0; i < 1_000; i++) {
        watch.frameReceived(connection, frame);
      }
      jest.advanceTimersByTime(1_000);
    }
    expect(stream.isBehind).toBe(true);
    watch.closed({ by: 'peer', status: 1000, description: '' });
    expect(
      eventsOf(stream)
        .slice(-2)
        .map(([kind]) => kind),
    ).toEqual(['frames', 'close']);
  });

  it('sends at most 500 events a second, those of pings and pongs included', () => {
    for (let i = 0; i < 1_000; i++) {
      watch.frameReceived(connection, { ...frame, opcode: 9 });
      watch.frameSent(connection, { ...frame, opcode: 10 });
    }
    expect(eventsOf(stream)).toHaveLength(500);
  });

  it('ends after the refusal of a handshake', () => {
    const handshake = { path: '/ws', headers: {}, rawHeaders: [], addresses: [] } as unknown as WebSocketHandshake;
    watch.refused(handshake, { status: 403, reason: 'origin', message: 'No' });
    expect(eventsOf(stream)).toEqual([['request', expect.objectContaining({ status: 403 })]]);
    expect(watch.isOver).toBe(true);
  });

  it('cuts a client that does not read its end', () => {
    watch.end();
    expect(cut).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1_000);
    expect(cut).toHaveBeenCalledTimes(1);
  });

  it('keeps nothing and starts no timer once its client has left', () => {
    watch.end();
    stream.release();
    for (let i = 0; i < 1_000; i++) {
      watch.frameReceived(connection, frame);
    }
    expect(jest.getTimerCount()).toBe(0);
  });

  it('sends a comment from time to time, so that proxies do not cut a stream without events', () => {
    stream.read();
    jest.advanceTimersByTime(15_000);
    expect(String(stream.read())).toBe(':\n\n');
  });
});
