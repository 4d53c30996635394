import { ConnectError } from '../../../client/console/connection/connect-error.js';
import { exitCodeOf } from '../../../client/console/exit-code.js';
import type { Ending } from '../../../client/console/session/ending.js';

describe('The exit code', () => {
  const closed = (code: number, byUs: boolean): Ending => ({
    kind: 'closed',
    closed: { code, reason: '', byUs, lost: 0, held: 0 },
  });
  const good = { differed: 0, lost: 0 };

  it.each([
    [0, 'was closed by us', closed(1000, true), good, false, true],
    [0, 'was closed by us, and the server had another status', closed(4000, true), good, false, true],
    [0, 'was closed by us before all was sent, as with Ctrl+C', closed(1000, true), good, false, false],
    [0, 'was closed by the server with 1000', closed(1000, false), good, false, true],
    [0, 'was closed by the server without a status', closed(1005, false), good, false, true],
    [0, 'misses echoes that nobody verifies', closed(1000, true), { differed: 0, lost: 2 }, false, true],
    [2, 'never was', { kind: 'not connected', error: new ConnectError('', false) } as const, good, false, false],
    [3, 'was closed by the server with another status', closed(1001, false), good, false, true],
    [3, 'was closed by the server before all was sent', closed(1000, false), good, false, false],
    [3, 'was lost', closed(1006, false), good, false, true],
    [3, 'was lost while it was closed', closed(1006, true), good, false, true],
    [4, 'misses echoes', closed(1000, true), { differed: 0, lost: 2 }, true, true],
    [4, 'had a wrong echo, also when it was lost', closed(1006, false), { differed: 1, lost: 0 }, true, false],
    [130, 'was given up', { kind: 'interrupted' } as const, good, false, false],
  ])('is %i when the connection %s', (code, _, ending, echoes, verify, allSent) => {
    expect(exitCodeOf(ending, echoes, verify, allSent)).toBe(code);
  });
});
