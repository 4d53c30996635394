/** How much a server may still send (RFC 9113, 5.2). It is given back in large pieces: a frame for each costs time. */
export class ReceiveWindow {
  private received = 0;

  /** @param size what the server was told, in bytes */
  constructor(private readonly size: number) {}

  /** @returns how many bytes to give back now */
  receive(bytes: number): number {
    this.received += bytes;
    if (this.received < this.size / 2) {
      return 0;
    }
    const { received } = this;
    this.received = 0;
    return received;
  }
}
