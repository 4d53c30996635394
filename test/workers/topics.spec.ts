import { Subscriptions } from '../../src/workers/topics.js';

describe('Subscriptions', () => {
  it('has the others that have subscribed to a topic', () => {
    const subscriptions = new Subscriptions<string>();
    subscriptions.add('a', 'one');
    subscriptions.add('a', 'two');
    subscriptions.add('a', 'three');
    subscriptions.add('b', 'four');
    subscriptions.remove('a', 'two');

    expect(subscriptions.others('a', 'one')).toEqual(['three']);
    expect(subscriptions.others('a', 'four')).toEqual(['one', 'three']);
    expect(subscriptions.others('c', 'one')).toEqual([]);
  });

  it('forgets a worker that has ended', () => {
    const subscriptions = new Subscriptions<string>();
    subscriptions.add('a', 'one');
    subscriptions.add('b', 'one');

    subscriptions.removeAll('one');

    expect(['a', 'b'].map((topic) => subscriptions.others(topic, 'two'))).toEqual([[], []]);
  });
});
