/** A queue that stays quick when it is long: to shift an array moves all that is in it. */
export class Fifo<T> {
  private items: T[] = [];
  /** Where the first one is; those before it are gone. */
  private first = 0;

  get length(): number {
    return this.items.length - this.first;
  }

  push(item: T): void {
    this.items.push(item);
  }

  /** Takes the one that has been in it for longest. */
  shift(): T | undefined {
    if (this.length === 0) {
      return undefined;
    }
    const item = this.items[this.first++];
    if (this.first > 1024 && this.first * 2 > this.items.length) {
      this.items = this.items.slice(this.first);
      this.first = 0;
    }
    return item;
  }

  clear(): void {
    this.items = [];
    this.first = 0;
  }
}
