/** Messages for measurements. Consecutive messages differ, so that a wrong echo is detected. */
export class Payloads {
  /** A pattern of one period plus one message. Each message is a view of it. */
  private readonly pattern: Buffer;
  private readonly period: number;

  /**
   * @param size of each, in bytes
   * @param binary whether any byte may occur; otherwise the messages are printable ASCII
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

  /** The message with this number. It must not be modified. */
  at(sequence: number): Buffer {
    const start = sequence % this.period;
    return this.pattern.subarray(start, start + this.size);
  }
}
