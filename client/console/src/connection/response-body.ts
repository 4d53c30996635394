import type { Readable } from 'node:stream';
import { headerValue, type ResponseHead } from './handshake.js';

/** How much of the body of a refusal is shown, in bytes. */
const LIMIT = 8 * 1024;

/** How long to wait for the end of a body, in milliseconds. */
const PATIENCE = 2_000;

/** Reads the body of a response as text, up to a limit. The stream is then destroyed. */
export async function readBody(stream: Readable, response: ResponseHead): Promise<string> {
  const length = Number(headerValue(response, 'content-length') ?? Number.POSITIVE_INFINITY);
  const body = await readBytes(stream, Math.min(length, LIMIT + 1));
  const encoding = headerValue(response, 'content-encoding');
  const text = encoding === undefined ? asText(body.subarray(0, LIMIT), response) : undefined;
  if (text === undefined) {
    const kind = [headerValue(response, 'content-type'), encoding].filter(Boolean).join(', ');
    return `(${body.length} bytes that are not text: ${kind})`;
  }
  return body.length > LIMIT ? `${text}…` : text;
}

/** Reads up to `wanted` bytes. If the stream breaks off, the bytes before that are returned. */
async function readBytes(stream: Readable, wanted: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  const deadline = setTimeout(() => stream.destroy(), PATIENCE);
  try {
    if (wanted > 0) {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        chunks.push(chunk);
        length += chunk.length;
        if (length >= wanted) {
          break;
        }
      }
    }
  } catch {
    // The connection broke off, or the deadline has passed.
  } finally {
    clearTimeout(deadline);
    stream.destroy();
  }
  return Buffer.concat(chunks).subarray(0, wanted);
}

/** Decodes bytes by the charset of the response; undefined if they are not valid in it. */
function asText(bytes: Buffer, response: ResponseHead): string | undefined {
  const [, charset = 'utf-8'] = /charset="?([\w.:-]+)/i.exec(headerValue(response, 'content-type') ?? '') ?? [];
  try {
    // `stream`, because the last character may be incomplete.
    const text = new TextDecoder(charset, { fatal: true }).decode(bytes, { stream: true });
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}
