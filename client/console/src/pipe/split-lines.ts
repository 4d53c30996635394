import { UsageError } from '../command-line.js';
import { LARGEST_MESSAGE } from '../option-values.js';

/** What ends a line, unless something else is said. */
export const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/**
 * The lines of a stream of bytes, without the separator: LF, CRLF too, or another byte. No more is read before a line is
 * asked for. What follows the last separator is a line, unless it is empty.
 *
 * @throws UsageError when one is longer than a message may be
 */
export async function* recordsOf(input: AsyncIterable<Buffer>, separator: number): AsyncGenerator<Buffer> {
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
      throw new UsageError(`A line of stdin has more than the ${LARGEST_MESSAGE / 1024 ** 2} MiB of a message.`);
    }
  }
  if (begun.length > 0) {
    yield complete(Buffer.alloc(0));
  }
}
