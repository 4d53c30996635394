import { jest } from '@jest/globals';
import { MessageRate } from '../../../../libs/websockets/src/connection/message-rate.js';
import { close, text } from '../protocol/client-frame.js';
import { connect } from '../../../support/socket-pair.js';

describe('MessageRate', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it("passes one second's messages at once, and then one after the other", () => {
    const rate = new MessageRate(10);
    expect(Array.from({ length: 12 }, () => Math.round(rate.take()))).toEqual([...Array<number>(10).fill(0), 100, 200]);
  });

  it('refills, up to the messages of one second', () => {
    const rate = new MessageRate(10);
    for (let i = 0; i < 10; i++) {
      rate.take();
    }
    jest.advanceTimersByTime(300);
    expect(Array.from({ length: 4 }, () => Math.round(rate.take()))).toEqual([0, 0, 0, 100]);
    jest.advanceTimersByTime(60_000);
    expect(Array.from({ length: 11 }, () => Math.round(rate.take()))).toEqual([...Array<number>(10).fill(0), 100]);
  });
});

describe('A connection with maxMessagesPerSecond', () => {
  it('reads more slowly, without a close and without data loss', async () => {
    const { client, connection } = connect({ maxMessagesPerSecond: 50 });
    const seen: string[] = [];
    const received = connection.receive(({ data }) => void seen.push(data.toString()));
    const messages = Array.from({ length: 60 }, (_, i) => String(i));
    client.write(Buffer.concat([...messages.map((message) => text(message)), close(1000)]));
    expect(await received).toEqual({ status: 1000, description: '' });
    expect(seen).toEqual(messages);
    connection.abort();
  });
});
