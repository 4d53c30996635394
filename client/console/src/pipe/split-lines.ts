import { UsageError } from '../command-line.js';
import { LARGEST_MESSAGE } from '../message.js';

/** The default separator of lines. */
export const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/**
 * Splits a stream of bytes into lines, without their separators. With LF as the separator, CRLF also ends a line. It reads on
 * only when the caller asks for the next line. Bytes after the last separator are a line.
 *
 * @throws UsageError if a line is larger than a message may be
 */
export async function* splitLines(input: AsyncIterable<Buffer>, separator: number): AsyncGenerator<Buffer> {
  let begun: Buffer[] = [];
  let length = 0;
  const complete = (rest: Buffer): Buffer => {
    const record = Buffer.concat([...begun, rest]);
    begun = [];
    length = 0;
    return separator === LINE_FEED && record.at(-1) === CARRIAGE_RETURN ? record.subarray(0, -1) : record;
  };
  for await (const chunk of input) {
    let start = 0;
    for (let end = chunk.indexOf(separator); end >= 0; end = chunk.indexOf(separator, start)) {
      yield complete(chunk.subarray(start, end));
      start = end + 1;
    }
    if (start < chunk.length) {
      begun.push(chunk.subarray(start));
      length += chunk.length - start;
    }
    if (length > LARGEST_MESSAGE) {
      throw new UsageError(
        `A line of stdin is larger than ${LARGEST_MESSAGE / 1024 ** 2} MiB, the limit of a message.`,
      );
    }
  }
  if (begun.length > 0) {
    yield complete(Buffer.alloc(0));
  }
}
