import { differenceOf, Echoes } from '../../../../client/page/log/echoes.js';
import type { Payload } from '../../../../client/page/log/log-entry.js';

const bytes = (...values: number[]): ArrayBuffer => Uint8Array.from(values).buffer;

describe('Echoes', () => {
  it('are matched with sent messages, in order', () => {
    const echoes = new Echoes();
    echoes.sent('a', 0);
    echoes.sent(bytes(1, 2), 5);
    echoes.sent('a', 6);

    expect([echoes.received('a', 10), echoes.received(bytes(1, 2), 11), echoes.received('a', 12)]).toEqual([
      { roundTrip: 10 },
      { roundTrip: 6 },
      { roundTrip: 6 },
    ]);
    expect(echoes.received('unasked', 13)).toEqual({});
  });

  it('are not expected from a peer that has not echoed yet', () => {
    const echoes = new Echoes();
    echoes.sent('hello', 0);
    expect(echoes.received('Request served by a', 1)).toEqual({});

    expect(echoes.received('hello', 2)).toEqual({ roundTrip: 2 });
    echoes.sent('hello', 3);
    expect(echoes.received('Hello', 4).difference).toContain('Differs');
  });

  it('that differ are marked once a peer has echoed', () => {
    const echoes = new Echoes(true);
    echoes.sent('hello', 0);

    expect(echoes.received('help', 7)).toEqual({
      roundTrip: 7,
      difference: 'Differs from the sent message at character 3: sent "lo", received "p".',
    });
  });

  it('that are missing are counted', () => {
    const echoes = new Echoes(true);
    for (const [at, data] of ['a', 'b', 'c'].entries()) {
      echoes.sent(data, at);
    }

    expect(echoes.received('c', 9)).toEqual({
      roundTrip: 7,
      difference: '2 messages sent before this one had no echo.',
    });
    expect(echoes.waiting).toBe(0);
  });

  it('are abandoned when too many are expected', () => {
    const echoes = new Echoes();
    for (let number = 0; number < 20_000; number += 1) {
      echoes.sent(String(number), number);
    }

    expect(echoes.waiting).toBe(10_000);
    expect(echoes.received('10000', 20_000)).toEqual({ roundTrip: 10_000 });
  });

  it.each<[Payload, Payload, string]>([
    ['abc', 'ab', 'at character 2: sent "c", received nothing more.'],
    [bytes(1, 2), bytes(1, 3, 4), 'at byte 1 (2 bytes sent, 3 bytes received).'],
    [bytes(1), bytes(1, 2), 'at byte 1 (1 byte sent, 2 bytes received).'],
    ['a', bytes(1), 'text was sent, and binary was received.'],
    [bytes(1), 'a', 'binary was sent, and text was received.'],
  ])('that differ include the first difference', (sent, received, expected) => {
    expect(differenceOf(sent, received)).toContain(expected);
  });
});
