import type { ReceivedFrame } from '../peer/frame.js';
import type { Message } from './echo.js';

/** How many frames a message may have. Without a limit empty frames would fill the memory. */
const LARGEST_FRAME_COUNT = 10_000;

/** The message is larger than the lab accepts. */
export class MessageTooLargeError extends Error {
  override readonly name = 'MessageTooLargeError';
}

/** Joins the data frames of a client to messages. */
export class MessageCollector {
  private frames: ReceivedFrame[] = [];
  private size = 0;

  /** @param largest the largest message, in bytes */
  constructor(private readonly largest: number) {}

  /**
   * Takes a frame.
   *
   * @returns the message that it completes; undefined while the message is incomplete
   * @throws MessageTooLargeError
   */
  push(frame: ReceivedFrame): Message | undefined {
    this.frames.push(frame);
    this.size += frame.payload.length;
    if (this.size > this.largest) {
      throw new MessageTooLargeError(`MessageTooBig: ${this.size} > ${this.largest}`);
    }
    if (this.frames.length > LARGEST_FRAME_COUNT) {
      throw new MessageTooLargeError(`MessageTooBig: more than ${LARGEST_FRAME_COUNT} frames`);
    }
    if (!frame.fin) {
      return undefined;
    }
    const message = this.frames;
    this.frames = [];
    this.size = 0;
    return message;
  }
}
