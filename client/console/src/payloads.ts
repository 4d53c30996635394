/** Messages for measurements: each differs from the ones before it, so that an echo of another one is found out. */
export class Payloads {
  /** One period of the pattern and a message; each message is a view into it. */
  private readonly pattern: Buffer;
  private readonly period: number;

  /**
   * @param size of each, in bytes
   * @param binary whether any byte may occur; else they are printable ASCII
   */
  constructor(
    private readonly size: number,
    binary: boolean,
  ) {
    const [first, last] = binary ? [0x00, 0xff] : [0x20, 0x7e];
    this.period = last - first + 1;
    this.pattern = Buffer.from(Array.from({ length: this.period }, (_, index) => first + index));
    this.pattern = Buffer.alloc(this.period + size, this.pattern);
  }

  /** The message of this number; it must not be changed. */
  at(sequence: number): Buffer {
    const start = sequence % this.period;
    return this.pattern.subarray(start, start + this.size);
  }
}
