import { isUtf8 } from 'node:buffer';
import { mistakeInCode, mistakeInReason, type CloseStatus } from '../close-status.js';
import { UsageError, type InputFormat } from '../command-line.js';
import { parseHex, type Message, LARGEST_MESSAGE } from '../message.js';
import { splitLines } from './split-lines.js';

/** The format of stdin. */
export interface Input {
  readonly format: InputFormat;
  /** The byte that separates lines. */
  readonly separator: number;
  /** Whether messages are binary: hexadecimal lines, or bytes. Not used for `json`, where each object has its type. */
  readonly binary: boolean;
}

/** A command on stdin. */
export type StdinCommand =
  | { readonly kind: 'send'; readonly message: Message }
  | { readonly kind: 'ping'; readonly data: Buffer }
  | { readonly kind: 'close'; readonly status: CloseStatus };

/** The longest payload of a ping in bytes (RFC 6455 section 5.5). */
const LONGEST_PING = 125;

const ACCEPTED_OBJECTS = '{"text": …}, {"binary": hex}, {"ping": text} or {"close": status, "reason": …}';

/**
 * Reads commands from stdin. It reads on only when the caller asks for the next command.
 *
 * @throws UsageError that names the invalid line
 */
export async function* readStdin(input: AsyncIterable<Buffer>, how: Input): AsyncGenerator<StdinCommand> {
  const { format, separator, binary } = how;
  if (format === 'message') {
    yield send(await whole(input), 'stdin', binary);
  } else if (format === 'chunks') {
    yield* chunksOf(input, binary);
  } else {
    let number = 0;
    for await (const record of splitLines(input, separator)) {
      const place = `Line ${++number} of stdin`;
      yield format === 'json'
        ? parseObjectLine(record, place)
        : { kind: 'send', message: parseLine(record, place, binary) };
    }
  }
}

/**
 * Parses a line as a message.
 *
 * @param place the place of the line, for the error
 * @param binary whether the line is hexadecimal
 * @throws UsageError
 */
export function parseLine(line: Buffer, place: string, binary: boolean): Message {
  if (!binary) {
    return textMessage(line, place);
  }
  const data = parseHex(line.toString('latin1'));
  if (!data) {
    throw new UsageError(`${place} is not hexadecimal, which --binary needs: ${excerpt(line)}`);
  }
  return { data, binary };
}

function send(data: Buffer, place: string, binary: boolean): StdinCommand {
  return { kind: 'send', message: binary ? { data, binary } : textMessage(data, place) };
}

/** RFC 6455 section 5.6 */
function textMessage(data: Buffer, place: string): Message {
  if (!isUtf8(data)) {
    throw new UsageError(`${place} is not UTF-8, as a text message must be; see --binary.`);
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
        `stdin is larger than ${LARGEST_MESSAGE / 1024 ** 2} MiB, the limit of a message; --input chunks accepts any size.`,
      );
    }
  }
  return Buffer.concat(chunks);
}

/** Yields a message per chunk. An incomplete character at the end of a text waits for the next chunk. */
async function* chunksOf(input: AsyncIterable<Buffer>, binary: boolean): AsyncGenerator<StdinCommand> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const decode = (chunk?: Buffer): Buffer => {
    try {
      return Buffer.from(decoder.decode(chunk, { stream: chunk !== undefined }));
    } catch {
      throw new UsageError('stdin is not UTF-8, as text messages must be; see --binary.');
    }
  };
  for await (const chunk of input) {
    const data = binary ? chunk : decode(chunk);
    if (data.length > 0) {
      yield { kind: 'send', message: { data, binary } };
    }
  }
  if (!binary) {
    decode();
  }
}

function parseObjectLine(line: Buffer, place: string): StdinCommand {
  const object = parseObject(line);
  const { reason, ...rest } = object ?? {};
  const [[kind, value] = ['', undefined], ...others] = Object.entries(rest);
  const isOne = others.length === 0 && (reason === undefined || (kind === 'close' && isText(reason)));
  const command = isOne ? commandOf(kind, value, reason ?? '', place) : undefined;
  if (!command) {
    throw new UsageError(`${place} is not one of ${ACCEPTED_OBJECTS}: ${excerpt(line)}`);
  }
  return command;
}

function commandOf(kind: string, value: unknown, reason: string, place: string): StdinCommand | undefined {
  if (kind === 'close' && typeof value === 'number') {
    const wrong = mistakeInCode(String(value)) ?? mistakeInReason(reason);
    if (wrong !== undefined) {
      throw new UsageError(`${place}: ${wrong}`);
    }
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

/** Parses a JSON object; undefined for any other text. */
function parseObject(line: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = isUtf8(line) ? JSON.parse(line.toString()) : undefined;
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a value is a string without lone surrogates, which UTF-8 cannot encode. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && !/\p{Cs}/u.test(value);
}

function excerpt(line: Buffer): string {
  // By code points, so that surrogate pairs stay whole.
  return JSON.stringify(/^.{0,40}/su.exec(line.toString())?.[0]);
}
