import { setImmediate as turn } from 'node:timers/promises';
import { DeliveryPace } from '../../src/background/delivery-pace.js';

describe('The delivery pace', () => {
  it('is exhausted after many deliveries in one round of the event loop, and restored in the next', async () => {
    const pace = new DeliveryPace();
    for (let delivered = 0; delivered < 49_000; delivered += 1000) {
      pace.spend(1000);
      expect(pace.isSpent).toBe(false);
    }

    pace.spend(1000);
    expect(pace.isSpent).toBe(true);
    await pace.nextRound;

    expect(pace.isSpent).toBe(false);
  });

  it('starts each round afresh, with or without a waiting delivery', async () => {
    const pace = new DeliveryPace();
    for (let round = 0; round < 3; round++) {
      pace.spend(49_999);
      expect(pace.isSpent).toBe(false);
      await turn();
    }
  });

  it('resumes all waiting deliveries in order of arrival', async () => {
    const pace = new DeliveryPace();
    const woken: number[] = [];
    pace.spend(1_000_000);

    await Promise.all([1, 2, 3].map((number) => pace.nextRound.then(() => woken.push(number))));

    expect(woken).toEqual([1, 2, 3]);
  });
});
