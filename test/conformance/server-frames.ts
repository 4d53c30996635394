import { createHash } from 'node:crypto';
import { clientFrame } from '../libs/websockets/protocol/client-frame.js';
import type { DeflateWindow } from './deflate-window.js';

/** A frame from the server, as a client reads it. */
export interface ServerFrame {
  readonly fin: boolean;
  readonly opcode: number;
  /** Whether it is the first frame of a compressed message (RFC 7692 section 6). */
  readonly isCompressed: boolean;
  readonly payload: Buffer;
}

/** The bytes of a server frame: unmasked, with the shortest length field (RFC 6455 section 5.2). */
export function serverFrame(opcode: number, payload: string | Uint8Array = '', fin = true): Buffer {
  return clientFrame({ opcode, payload, fin, masked: false });
}

/** The bytes of a close frame from the server. */
export function serverClose(status?: number, reason: string | Uint8Array = ''): Buffer {
  const code = status === undefined ? [] : [status >> 8, status & 0xff];
  return serverFrame(8, Buffer.concat([Buffer.from(code), Buffer.from(reason as string)]));
}

/**
 * Reads the frames of a server, and fails when RFC 6455 section 5 does not allow the server to send one.
 *
 * @param mayCompress whether permessage-deflate was negotiated: it allows RSV1 on the first frame of a message
 */
export function readServerFrames(bytes: Buffer, mayCompress = false): ServerFrame[] {
  const frames: ServerFrame[] = [];
  let isInMessage = false;
  let at = 0;
  while (at < bytes.length) {
    const start = at;
    const refuse = (fault: string): never => {
      throw new Error(`${fault}, at byte ${start}: ${bytes.subarray(start, start + 20).toString('hex')}`);
    };
    if (frames.at(-1)?.opcode === 8) {
      refuse('Bytes follow a close frame');
    }
    const need = (count: number): void => {
      if (at + count > bytes.length) {
        refuse('The bytes end inside a frame');
      }
    };
    need(2);
    const [first, second] = [bytes[at], bytes[at + 1]];
    const opcode = first & 0x0f;
    const fin = (first & 0x80) !== 0;
    const isCompressed = mayCompress && (first & 0x70) === 0x40 && (opcode === 1 || opcode === 2);
    at += 2;
    if ((first & 0x70) !== 0 && !isCompressed) {
      refuse('A reserved bit is set');
    }
    if ((second & 0x80) !== 0) {
      refuse('A frame of the server is masked');
    }
    let length = second;
    if (length === 126) {
      need(2);
      length = bytes.readUInt16BE(at);
      at += 2;
    } else if (length === 127) {
      need(8);
      length = Number(bytes.readBigUInt64BE(at));
      at += 8;
    }
    if ((second === 126 && length < 126) || (second === 127 && length < 65536)) {
      refuse('A length has more bytes than it needs');
    }
    if (opcode >= 8) {
      if (opcode > 10 || !fin || length > 125) {
        refuse('No control frame is like this');
      }
    } else {
      if (opcode > 2 || (opcode === 0) !== isInMessage) {
        refuse(isInMessage ? 'A message is not continued' : 'No message begins like this');
      }
      isInMessage = !fin;
    }
    need(length);
    frames.push({ fin, opcode, isCompressed, payload: bytes.subarray(at, at + length) });
    at += length;
  }
  return frames;
}

/**
 * The answers of a server, independent of its fragmentation: one line for each message and control frame. A message
 * that a close frame or the end interrupts stands before that line.
 *
 * @param window the server's window, if permessage-deflate was negotiated
 */
export function readAnswers(bytes: Buffer, window?: DeflateWindow): string[] {
  const answers: string[] = [];
  const message: Buffer[] = [];
  let opcode = 0;
  let isCompressed = false;
  const endMessage = (prefix: string): void => {
    const payload = Buffer.concat(message);
    answers.push(prefix + answer(opcode, isCompressed && window ? window.inflate(payload) : payload));
    message.length = 0;
    opcode = 0;
  };
  for (const frame of readServerFrames(bytes, window !== undefined)) {
    if (frame.opcode < 8) {
      if (opcode === 0) {
        ({ opcode, isCompressed } = frame);
      }
      message.push(frame.payload);
      if (frame.fin) {
        endMessage('');
      }
    } else {
      if (frame.opcode === 8 && opcode !== 0) {
        endMessage('unfinished ');
      }
      answers.push(answer(frame.opcode, frame.payload));
    }
  }
  if (opcode !== 0) {
    endMessage('unfinished ');
  }
  return answers;
}

const names: Readonly<Record<number, string>> = { 1: 'text', 2: 'binary', 8: 'close', 9: 'ping', 10: 'pong' };

/** The line of `readAnswers` for a message or a control frame. */
export function answer(opcode: number, payload: string | Uint8Array = ''): string {
  const bytes = Buffer.from(payload as string);
  const content =
    bytes.length > 200
      ? `${bytes.length} bytes ${createHash('sha1').update(bytes).digest('hex')}`
      : bytes.toString('hex');
  return `${names[opcode]} ${content}`;
}
