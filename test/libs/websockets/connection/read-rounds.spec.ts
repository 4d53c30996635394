import { setImmediate as turn } from 'node:timers/promises';
import { ReadRounds } from '../../../../libs/websockets/src/connection/read-rounds.js';

/** Reads `count` sockets in each of so many rounds that several are watched. */
async function read(rounds: ReadRounds, count: number): Promise<void> {
  for (let round = 0; round < 300; round++) {
    for (let i = 0; i < count; i++) {
      rounds.count();
    }
    await turn();
  }
}

describe('ReadRounds', () => {
  it.each([
    [1, false],
    [15, false],
    [16, true],
    [1000, true],
  ])('takes rounds of %i reads for busy: %s', async (count, areBusy) => {
    const rounds = new ReadRounds();
    await read(rounds, count);
    expect(rounds.areBusy).toBe(areBusy);
  });

  it('follows the rounds when they change', async () => {
    const rounds = new ReadRounds();
    const seen: boolean[] = [];
    for (const count of [64, 2, 64, 0, 1]) {
      await read(rounds, count);
      seen.push(rounds.areBusy);
    }
    expect(seen).toEqual([true, false, true, true, false]);
  });
});
