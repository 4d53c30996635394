import { jest } from '@jest/globals';
import { SharedStreams } from '../../../../libs/websockets/src/protocol/shared-streams.js';

/** A stream that writes down what is done with it. */
function createStream(windowBits: number): { windowBits: number; reset: jest.Mock; close: jest.Mock } {
  return { windowBits, reset: jest.fn(), close: jest.fn() };
}

describe('SharedStreams', () => {
  it('makes a stream where none is idle, and takes it again, reset, for a window of the same size', () => {
    const streams = new SharedStreams(createStream);
    const first = streams.take(15);
    expect(streams.take(15)).not.toBe(first);
    streams.giveBack(first);
    expect(first.reset).toHaveBeenCalledTimes(1);
    expect(streams.take(9)).toMatchObject({ windowBits: 9 });
    expect(streams.take(15)).toBe(first);
    expect(streams.take(15)).not.toBe(first);
  });

  it('closes what is given back when eight are idle', () => {
    const streams = new SharedStreams(createStream);
    const taken = Array.from({ length: 9 }, () => streams.take(15));
    taken.forEach((stream) => streams.giveBack(stream));
    expect(taken.filter(({ close }) => close.mock.calls.length > 0)).toEqual([taken[8]]);
  });
});
