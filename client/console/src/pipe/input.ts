import { isUtf8 } from 'node:buffer';
import { mistakeInCode, mistakeInReason, type CloseStatus } from '../close-status.js';
import { UsageError, type InputFormat } from '../command-line.js';
import { parseHex } from '../message.js';
import { LARGEST_MESSAGE } from '../option-values.js';
import type { Message } from '../session/echoes.js';
import { recordsOf } from './split-lines.js';

/** How stdin is read. */
export interface Input {
  readonly format: InputFormat;
  /** The byte that ends a line. */
  readonly separator: number;
  /** Whether messages are binary: lines of hex, or bytes as they are. Not for `json`, which says it for each. */
  readonly binary: boolean;
}

/** What stdin asks for. */
export type Order =
  | { readonly kind: 'send'; readonly message: Message }
  | { readonly kind: 'ping'; readonly data: Buffer }
  | { readonly kind: 'close'; readonly status: CloseStatus };

/** What a ping has room for (RFC 6455 section 5.5). */
const LONGEST_PING = 125;

const ACCEPTED_OBJECTS = '{"text": …}, {"binary": hex}, {"ping": text} or {"close": status, "reason": …}';

/**
 * Reads stdin. No more is read before an order is asked for.
 *
 * @throws UsageError that says which line cannot be used
 */
export async function* readOrders(input: AsyncIterable<Buffer>, how: Input): AsyncGenerator<Order> {
  const { format, separator, binary } = how;
  if (format === 'message') {
    yield send(await whole(input), 'stdin', binary);
  } else if (format === 'chunks') {
    yield* chunksOf(input, binary);
  } else {
    let number = 0;
    for await (const record of recordsOf(input, separator)) {
      const place = `Line ${++number} of stdin`;
      yield format === 'json' ? parseOrder(record, place) : { kind: 'send', message: parseLine(record, place, binary) };
    }
  }
}

/**
 * Reads a message that stands in a line.
 *
 * @param place where it stands, for the error
 * @param binary whether it is hex
 * @throws UsageError
 */
export function parseLine(line: Buffer, place: string, binary: boolean): Message {
  if (!binary) {
    return textMessage(line, place);
  }
  const data = parseHex(line.toString('latin1'));
  if (!data) {
    throw new UsageError(`${place} is not hex, which --binary takes: ${excerpt(line)}`);
  }
  return { data, binary };
}

function send(data: Buffer, place: string, binary: boolean): Order {
  return { kind: 'send', message: binary ? { data, binary } : textMessage(data, place) };
}

/** RFC 6455 section 5.6 */
function textMessage(data: Buffer, place: string): Message {
  if (!isUtf8(data)) {
    throw new UsageError(`${place} is not UTF-8, which a text message has to be; see --binary.`);
  }
  return { data, binary: false };
}

async function whole(input: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of input) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > LARGEST_MESSAGE) {
      throw new UsageError(
        `stdin has more than the ${LARGEST_MESSAGE / 1024 ** 2} MiB of a message; --input chunks takes any length.`,
      );
    }
  }
  return Buffer.concat(chunks);
}

/** A message for each chunk, as it is read. A character of a text that is not complete waits for the next one. */
async function* chunksOf(input: AsyncIterable<Buffer>, binary: boolean): AsyncGenerator<Order> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const decode = (chunk?: Buffer): Buffer => {
    try {
      return Buffer.from(decoder.decode(chunk, { stream: chunk !== undefined }));
    } catch {
      throw new UsageError('stdin is not UTF-8, which text messages have to be; see --binary.');
    }
  };
  for await (const chunk of input) {
    const data = binary ? chunk : decode(chunk);
    if (data.length > 0) yield { kind: 'send', message: { data, binary } };
  }
  if (!binary) decode();
}

function parseOrder(line: Buffer, place: string): Order {
  const object = parseObject(line);
  const { reason, ...rest } = object ?? {};
  const [[kind, value] = ['', undefined], ...others] = Object.entries(rest);
  const isOne = others.length === 0 && (reason === undefined || (kind === 'close' && isText(reason)));
  const order = isOne ? orderOf(kind, value, reason ?? '', place) : undefined;
  if (!order) {
    throw new UsageError(`${place} is not one of ${ACCEPTED_OBJECTS}: ${excerpt(line)}`);
  }
  return order;
}

function orderOf(kind: string, value: unknown, reason: string, place: string): Order | undefined {
  if (kind === 'close' && typeof value === 'number') {
    const wrong = mistakeInCode(String(value)) ?? mistakeInReason(reason);
    if (wrong !== undefined) throw new UsageError(`${place}: ${wrong}`);
    return { kind, status: { code: value, reason } };
  }
  if (!isText(value)) {
    return undefined;
  }
  const data = Buffer.from(value);
  switch (kind) {
    case 'text':
      return { kind: 'send', message: { data, binary: false } };
    case 'binary': {
      const bytes = parseHex(value);
      return bytes && { kind: 'send', message: { data: bytes, binary: true } };
    }
    case 'ping':
      if (data.length > LONGEST_PING) {
        throw new UsageError(`${place}: the ping has ${data.length} bytes; accepted: at most ${LONGEST_PING}.`);
      }
      return { kind, data };
    default:
      return undefined;
  }
}

/** undefined for anything else. */
function parseObject(line: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = isUtf8(line) ? JSON.parse(line.toString()) : undefined;
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether it is a string that UTF-8 can express: one without half a surrogate pair. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && !/\p{Cs}/u.test(value);
}

function excerpt(line: Buffer): string {
  // By code points, so that no pair of surrogates is cut.
  return JSON.stringify(/^.{0,40}/su.exec(line.toString())?.[0]);
}
