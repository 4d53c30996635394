import { readServerFrames } from './server-frames.js';

declare global {
  namespace jest {
    interface Matchers<R, T> {
      /** Expects exactly these buffers, in this order. */
      toBeBytes(this: Matchers<R, T>, ...expected: readonly Buffer[]): R;
      /**
       * Expects the bytes of a failed connection (RFC 6455 section 7.1.7): these buffers, then one close frame with
       * that status and a reason, then nothing.
       */
      toBeFailure(this: Matchers<R, T>, status: number, ...before: readonly Buffer[]): R;
    }
  }
}

expect.extend({
  toBeBytes(actual: Buffer, ...expected: readonly Buffer[]) {
    return compare(actual, Buffer.concat(expected), 'bytes');
  },

  toBeFailure(actual: Buffer, status: number, ...before: readonly Buffer[]) {
    const earlier = Buffer.concat(before);
    const early = compare(actual.subarray(0, earlier.length), earlier, 'bytes before the failure');
    if (!early.pass) {
      return early;
    }
    const [frame, ...rest] = readServerFrames(actual.subarray(earlier.length));
    const reason = frame?.payload.subarray(2) ?? Buffer.alloc(0);
    const pass =
      rest.length === 0 &&
      frame?.opcode === 8 &&
      frame.payload.readUInt16BE(0) === status &&
      reason.length > 0 &&
      Buffer.from(reason.toString()).equals(reason);
    const received = actual.subarray(earlier.length).toString('hex');
    return { pass, message: () => `Expected a close frame with ${status} and a reason.\nReceived: ${received}` };
  },
});

function compare(actual: Buffer, expected: Buffer, what: string): jest.CustomMatcherResult {
  return {
    pass: actual.equals(expected),
    message: () => {
      const at = actual.findIndex((byte, i) => byte !== expected[i]);
      const from = Math.max(0, (at < 0 ? Math.min(actual.length, expected.length) : at) - 100);
      const excerpt = (bytes: Buffer): string =>
        `${bytes.subarray(from, from + 300).toString('hex')} of ${bytes.length}`;
      return `Expected ${what}, from ${from} on: ${excerpt(expected)}\nReceived: ${excerpt(actual)}`;
    },
  };
}
