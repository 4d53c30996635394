import { setImmediate as turn } from 'node:timers/promises';
import { MessageRate } from '../../../../libs/websockets/src/connection/message-rate.js';
import { MessageReceiver, type ReceiverOptions } from '../../../../libs/websockets/src/connection/message-receiver.js';
import type { Fragment } from '../../../../libs/websockets/src/protocol/fragment.js';
import { ProtocolError } from '../../../../libs/websockets/src/protocol/close-status.js';
import { clientFrame, close, continuation, ping, pong, text } from '../protocol/client-frame.js';
import { until } from '../../../support/until.js';

/** A receiver, with a record of its calls. */
function receiverWith(options: Partial<ReceiverOptions> = {}): {
  receiver: MessageReceiver;
  output: { isFull: boolean };
  told: unknown[][];
  keep: (fragment: Fragment) => void;
} {
  const told: unknown[][] = [];
  const output = { isFull: false };
  const receiver = new MessageReceiver(
    { receiveBufferSize: 1000, compression: undefined, rate: undefined, output, ...options },
    {
      onPing: (payload) => void told.push(['ping', String(payload)]),
      onPong: (payload) => void told.push(['pong', String(payload)]),
      onCloseFrame: (status, description) => void told.push(['close', status, description]),
      onHandled: () => {
        told.push(['handled']);
        if (receiver.release()) {
          receiver.parseHeld();
        }
      },
      onInvalidMessage: (error) => void told.push(['invalid', error.message]),
    },
  );
  const keep = (fragment: Fragment): void => void told.push([String(fragment.data), fragment.endOfMessage]);
  return { receiver, output, told, keep };
}

describe('The message receiver', () => {
  it('delivers fragments, and control frames between them, in order', async () => {
    const { receiver, told, keep } = receiverWith();
    const received = receiver.start(keep);
    expect(receiver.release()).toBe(false);
    receiver.parse(Buffer.concat([text('a', false), ping('p'), continuation('b'), pong('q')]));
    receiver.parse(close(1000, 'bye'));
    expect(told).toEqual([
      ['a', false],
      ['ping', 'p'],
      ['b', true],
      ['pong', 'q'],
      ['close', 1000, 'bye'],
    ]);
    expect(receiver.messagesReceived).toBe(1);
    receiver.settle({ status: 1000, description: 'bye' });
    expect(await received).toEqual({ status: 1000, description: 'bye' });
    expect(receiver.isWanted).toBe(false);
  });

  it('holds messages until receive() is called, and handles pings before the first message meanwhile', () => {
    const { receiver, told, keep } = receiverWith();
    receiver.parse(Buffer.concat([ping('p'), text('a'), ping('q')]));
    expect([told, receiver.isHolding, receiver.isWanted]).toEqual([[['ping', 'p']], true, false]);
    void receiver.start(keep);
    expect(receiver.release()).toBe(true);
    receiver.parseHeld();
    expect([told.slice(1), receiver.isHolding]).toEqual([
      [
        ['a', true],
        ['ping', 'q'],
      ],
      false,
    ]);
  });

  it('holds messages while the promise of the handler is pending', async () => {
    const { receiver, told, keep } = receiverWith();
    let finish = (): void => {};
    void receiver.start((fragment) => {
      keep(fragment);
      return new Promise<void>((resolve) => (finish = resolve));
    });
    receiver.release();
    receiver.parse(Buffer.concat([text('a'), text('b')]));
    expect([told, receiver.isHandling, receiver.isHolding]).toEqual([[['a', true]], true, true]);
    expect(receiver.release()).toBe(false);
    finish();
    await turn();
    expect(told).toEqual([['a', true], ['handled'], ['b', true]]);
  });

  it('holds messages during backpressure on the sending side', () => {
    const { receiver, output, told, keep } = receiverWith();
    void receiver.start((fragment) => {
      keep(fragment);
      output.isFull = true;
    });
    receiver.release();
    receiver.parse(Buffer.concat([text('a'), text('b')]));
    expect([told, receiver.isHolding, receiver.release()]).toEqual([[['a', true]], true, false]);
    output.isFull = false;
    expect(receiver.release()).toBe(true);
  });

  it('holds messages that exceed the rate limit', async () => {
    const rate = new MessageRate(1);
    rate.take = () => 1; // each message has to wait for a millisecond
    const { receiver, told, keep } = receiverWith({ rate });
    void receiver.start(keep);
    receiver.release();
    receiver.parse(Buffer.concat([text('a', false), continuation('b'), text('c')]));
    expect([told.splice(0), receiver.isHandling, receiver.isHolding]).toEqual([
      [
        ['a', false],
        ['b', true],
      ],
      true,
      true,
    ]);
    await until(() => !receiver.isHandling && !receiver.isHolding);
    expect(told).toEqual([['handled'], ['c', true], ['handled']]);
  });

  it.each<[string, (fragment: Fragment) => void | Promise<void>]>([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
  ])('rejects receive() when the handler %s, and holds the following messages', async (_what, handler) => {
    const { receiver } = receiverWith();
    const received = receiver.start(handler);
    receiver.release();
    receiver.parse(Buffer.concat([text('a'), text('b')]));
    await expect(received).rejects.toThrow('no');
    expect([receiver.isWanted, receiver.isHandling, receiver.isHolding]).toEqual([false, false, true]);
  });

  it("discards messages after this side has closed, and reports the peer's close", () => {
    const { receiver, told, keep } = receiverWith();
    void receiver.start(keep);
    receiver.drop();
    receiver.release();
    receiver.parse(Buffer.concat([text('a'), close(1000)]));
    expect(told).toEqual([['close', 1000, '']]);
  });

  it('reads no byte after a stop', () => {
    const { receiver, told, keep } = receiverWith();
    void receiver.start(keep);
    receiver.stop();
    receiver.release();
    receiver.parse(Buffer.concat([text('a'), ping('p'), Buffer.from([0xff, 0xff])]));
    expect([told, receiver.isHolding]).toEqual([[], false]);
  });

  it('throws for a protocol violation', () => {
    const { receiver } = receiverWith();
    expect(() => receiver.parse(clientFrame({ opcode: 3 }))).toThrow(ProtocolError);
  });

  it('delivers nothing to a cancelled handler', () => {
    const { receiver, told, keep } = receiverWith();
    void receiver.start(keep);
    receiver.cancel();
    receiver.release();
    receiver.parse(text('a'));
    expect([told, receiver.isHolding]).toEqual([[], true]);
  });
});
