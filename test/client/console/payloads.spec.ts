import { isAscii } from 'node:buffer';
import { Payloads } from '../../../client/console/src/payloads.js';

describe('A payload', () => {
  it.each([0, 1, 32, 95, 96, 1000])('has %i bytes', (size) => {
    expect(new Payloads(size, false).at(7)).toHaveLength(size);
    expect(new Payloads(size, true).at(1007)).toHaveLength(size);
  });

  it('is printable if it is text', () => {
    const payload = new Payloads(300, false).at(12);

    expect(isAscii(payload)).toBe(true);
    expect(payload.toString()).toMatch(/^[ -~]{300}$/);
  });

  it.each([true, false])('differs from earlier ones (binary: %s)', (binary) => {
    const payloads = new Payloads(16, binary);
    const distinct = new Set(Array.from({ length: 95 }, (_, index) => payloads.at(index).toString('hex')));

    expect(distinct.size).toBe(95);
  });
});
