/** A first-in, first-out queue. `shift` takes constant time on average, unlike that of a long array. */
export class Queue<T> {
  private items: T[] = [];
  /** The index of the first item that is still in the queue. */
  private first = 0;

  get length(): number {
    return this.items.length - this.first;
  }

  push(item: T): void {
    this.items.push(item);
  }

  /** Removes and returns the oldest item. */
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
