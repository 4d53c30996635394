import { ConnectError } from '../../../client/console/src/connection/connect-error.js';
import { exitCodeOf } from '../../../client/console/src/exit-code.js';
import type { Ending } from '../../../client/console/src/session/ending.js';

describe('The exit code', () => {
  const closed = (code: number, byClient: boolean): Ending => ({
    kind: 'closed',
    closed: { code, reason: '', byClient, lost: 0, openFor: 0 },
  });
  const good = { sent: 3, differed: 0, lost: 0 };
  const some = { sent: 3, differed: 0, lost: 2 };
  const all = { sent: 3, differed: 0, lost: 3 };

  it.each([
    [0, 'was closed by the client', closed(1000, true), good, 'some', true],
    [
      0,
      'was closed by the client, and the server answered with another status',
      closed(4000, true),
      good,
      'some',
      true,
    ],
    [0, 'was closed by the client before everything was sent, as with Ctrl+C', closed(1000, true), good, 'some', false],
    [0, 'was closed by the server with 1000', closed(1000, false), good, 'some', true],
    [0, 'was closed by the server without a status', closed(1005, false), good, 'some', true],
    [0, 'had some missing echoes', closed(1000, true), some, 'some', true],
    [2, 'was never open', { kind: 'not connected', error: new ConnectError('', false) } as const, good, 'some', false],
    [3, 'was closed by the server with another status', closed(1001, false), good, 'some', true],
    [3, 'was closed by the server before everything was sent', closed(1000, false), good, 'some', false],
    [3, 'was lost', closed(1006, false), good, 'some', true],
    [3, 'was lost during the close', closed(1006, true), good, 'some', true],
    [0, 'had no echo and expected none', closed(1000, true), all, 'none', true],
    [0, 'had nothing to send', closed(1000, true), { ...good, sent: 0 }, 'some', true],
    [3, 'was lost together with all messages', closed(1006, false), all, 'some', true],
    [4, 'had no echo', closed(1000, true), all, 'some', true],
    [4, 'had no echo and was closed by the server', closed(1000, false), all, 'some', true],
    [4, 'misses echoes where every one counts', closed(1000, true), some, 'every', true],
    [4, 'had a wrong echo, also when it was lost', closed(1006, false), { ...good, differed: 1 }, 'every', false],
    [130, 'was given up', { kind: 'interrupted' } as const, good, 'some', false],
  ] as const)('is %i when the connection %s', (code, _, ending, echoes, expected, allSent) => {
    expect(exitCodeOf(ending, echoes, expected, allSent)).toBe(code);
  });
});
