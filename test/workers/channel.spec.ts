import { Channel } from '../../src/workers/channel.js';

interface Functions {
  add(a: number, b: number): number;
  fail(): Promise<number>;
  note(text: string): void;
}

const noted: string[] = [];
const functions: Functions = {
  add: (a, b) => a + b,
  fail: () => Promise.reject(new Error('It failed.')),
  note: (text) => void noted.push(text),
};

/** Two ends whose messages arrive as JSON, each of which the other has read at once. */
function connectedChannels(): [Channel<Functions>, Channel<Functions>] {
  const one: Channel<Functions> = new Channel((message, done) => {
    other.receive(JSON.parse(JSON.stringify(message)));
    done();
  }, functions);
  const other: Channel<Functions> = new Channel((message, done) => {
    one.receive(JSON.parse(JSON.stringify(message)));
    done();
  }, functions);
  return [one, other];
}

describe('A channel', () => {
  it('calls functions of the other process, in both directions', async () => {
    const [one, other] = connectedChannels();

    await expect(Promise.all([one.call('add', 1, 2), other.call('add', 3, 4)])).resolves.toEqual([3, 7]);
  });

  it('rejects a call whose function fails, with its message', async () => {
    const [one] = connectedChannels();

    await expect(one.call('fail')).rejects.toThrow('It failed.');
  });

  it('tells without an answer', () => {
    const [one] = connectedChannels();

    one.tell('note', 'hello');

    expect(noted).toEqual(['hello']);
  });

  it('rejects calls when the other process ends, and after that', async () => {
    const silent = new Channel<Functions>(() => {}, functions);
    const pending = silent.call('add', 1, 2);

    silent.end();

    await expect(pending).rejects.toThrow('The other process ended before it answered');
    await expect(silent.call('add', 1, 2)).rejects.toThrow('The other process ended before it answered add.');
  });

  it('is congested while more than 4 MiB wait to be sent', () => {
    const sent: (() => void)[] = [];
    const slow = new Channel<Functions>((_message, done) => void sent.push(done), functions);

    for (let i = 0; i < 5; i++) {
      slow.tell('note', 'x'.repeat(1024 * 1024));
    }

    expect(slow.isCongested).toBe(true);
    sent[0]();
    expect(slow.isCongested).toBe(false);
  });

  it.each([[null], ['text'], [{ cmd: 'NODE_CLUSTER' }]])(
    'passes over %p, which is not one of its messages',
    (message) => {
      expect(() => new Channel<Functions>(() => {}, functions).receive(message)).not.toThrow();
    },
  );
});
