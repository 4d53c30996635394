import type { Message } from './echoes.js';

/** As many bytes are shown from where two messages differ. */
const SHOWN = 16;

/** In which way a message is not the one that was sent, or undefined when it is. */
export function differenceBetween(sent: Message | undefined, received: Message): string | undefined {
  if (!sent) {
    return 'it came although every message had its echo';
  }
  if (sent.binary !== received.binary) {
    return `it was ${kind(sent)} and came back as ${kind(received)}`;
  }
  if (sent.data.equals(received.data)) {
    return undefined;
  }
  const at = sent.data.findIndex((byte, index) => byte !== received.data[index]);
  const first = at < 0 ? sent.data.length : at;
  const lengths =
    sent.data.length === received.data.length ? '' : `, ${sent.data.length} bytes became ${received.data.length}`;
  return `from byte ${first} on: ${excerpt(sent, first)} became ${excerpt(received, first)}${lengths}`;
}

function kind({ binary }: Message): string {
  return binary ? 'binary' : 'text';
}

function excerpt({ data, binary }: Message, from: number): string {
  if (from >= data.length) {
    return 'nothing';
  }
  if (binary) {
    return data.subarray(from, from + SHOWN).toString('hex');
  }
  let start = from;
  while (isContinuation(data[start])) start--;
  let end = Math.min(data.length, start + SHOWN);
  while (isContinuation(data[end])) end--;
  return JSON.stringify(data.toString('utf8', start, end));
}

/** Whether a byte of UTF-8 goes on with a character (RFC 3629 section 3). */
function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
