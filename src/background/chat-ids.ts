import { randomBytes } from 'node:crypto';

const server = randomBytes(4).toString('hex');
let latest = 0;

/** An id that nothing else has, on this server or another. */
export function nextId(): string {
  return `${server}-${++latest}`;
}
