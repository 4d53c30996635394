import type { Writable } from 'node:stream';
import * as ws from 'ws';
import { FrameParser } from '../../libs/websockets/src/protocol/frame-parser.js';
import { Opcode } from '../../libs/websockets/src/protocol/frame-header.js';
import { ProtocolError } from '../../libs/websockets/src/protocol/close-status.js';
import { answer } from '../conformance/server-frames.js';

/**
 * What was made of a client's bytes: one line for each whole message, ping, pong and close, as `readAnswers` has them,
 * and one for the error that was the end.
 */
export type Transcript = readonly string[];

export const errorLine = (status: number): string => `error ${status}`;

/** RFC 6455 section 7.1.5: the status of a close frame that has none. */
export const NO_STATUS = 1005;

export function closeLine(status: number, reason: string | Uint8Array): string {
  const code = status === NO_STATUS ? [] : [status >> 8, status & 0xff];
  return answer(Opcode.close, Buffer.concat([Buffer.from(code), Buffer.from(reason as string)]));
}

/** How a parser is treated while it reads. */
export interface Treatment {
  readonly receiveBufferSize?: number;
  /** Whether the flow stops after a fragment, for one fragment after the other, again and again. */
  readonly stops?: readonly boolean[];
  /** Whether, with the flow stopped, one more read arrives before it goes on. */
  readonly readsOn?: boolean;
  /** Where the bytes of a read lie in memory, which counts for the words that they are unmasked by. */
  readonly offset?: number;
  /** Whether messages may be compressed. They are not inflated. */
  readonly allowsCompression?: boolean;
}

/** What surrounds the bytes of a read in memory, and belongs to others. */
const OTHERS = 0xa5;

/** What our parser makes of the reads. Fails when it breaks its own rules. */
export function transcribe(reads: readonly Buffer[], treatment: Treatment = {}): Transcript {
  const { receiveBufferSize = 65536, stops = [false], readsOn = false, offset = 0, allowsCompression } = treatment;
  const lines: string[] = [];
  const surroundings: Buffer[] = [];
  let message: Buffer[] = [];
  let fragments = 0;

  const parser = new FrameParser(
    {
      onFragment(fragment) {
        check(parser.isFlowing, 'A fragment was handed on while nothing should flow');
        check(fragment.length <= receiveBufferSize, 'A fragment is larger than receiveBufferSize');
        check(fragment.data.length === fragment.length, 'The length of a fragment is not that of its data');
        message.push(Buffer.from(fragment.data));
        if (fragment.endOfMessage) {
          lines.push(answer(fragment.opcode, Buffer.concat(message)));
          message = [];
        }
        parser.isFlowing = !stops[fragments++ % stops.length];
      },
      onPing: (payload) => lines.push(answer(Opcode.ping, payload)),
      onPong: (payload) => lines.push(answer(Opcode.pong, payload)),
      onClose: (status, description) => lines.push(closeLine(status ?? NO_STATUS, description)),
    },
    receiveBufferSize,
    allowsCompression,
  );
  parser.isFlowing = !stops[stops.length - 1];

  const resume = (): void => {
    while (parser.isHolding) {
      parser.isFlowing = true;
      parser.resume();
    }
    parser.isFlowing = true;
  };

  try {
    reads.forEach((read, i) => {
      const memory = Buffer.alloc(offset + read.length + 8, OTHERS);
      surroundings.push(memory.subarray(0, offset), memory.subarray(offset + read.length));
      read.copy(memory, offset);
      parser.parse(memory.subarray(offset, offset + read.length));
      if (!readsOn || i % 2 === 1) {
        resume();
      }
    });
    resume();
  } catch (error) {
    if (!(error instanceof ProtocolError)) {
      throw error;
    }
    lines.push(errorLine(error.closeStatus));
  }
  for (const bytes of surroundings) {
    check(
      bytes.every((byte) => byte === OTHERS),
      'Bytes beside those of a read were changed',
    );
  }
  return lines;
}

function check(condition: boolean, fault: string): void {
  if (!condition) {
    throw new Error(fault);
  }
}

/** The part of ws that reads frames. Its typings leave that out. */
const { Receiver } = ws as unknown as {
  Receiver: new (options: { isServer: boolean; maxPayload: number; skipUTF8Validation: boolean }) => Writable;
};

/** What ws makes of the reads. */
export function transcribeWithWs(reads: readonly Buffer[]): Transcript {
  const lines: string[] = [];
  const receiver = new Receiver({ isServer: true, maxPayload: 0, skipUTF8Validation: false });
  receiver.on('message', (data: Buffer, isBinary: boolean) =>
    lines.push(answer(isBinary ? Opcode.binary : Opcode.text, data)),
  );
  receiver.on('ping', (data: Buffer) => lines.push(answer(Opcode.ping, data)));
  receiver.on('pong', (data: Buffer) => lines.push(answer(Opcode.pong, data)));
  receiver.on('conclude', (status: number, reason: Buffer) => lines.push(closeLine(status, reason)));
  receiver.on('error', () => {});
  for (const read of reads) {
    if (receiver.errored !== null || receiver.writableEnded) {
      break;
    }
    receiver.write(Buffer.from(read));
  }
  if (receiver.errored !== null) {
    lines.push(errorLine(statusOf(receiver.errored)));
  }
  return lines;
}

/** The status that ws closes with for an error of its receiver. */
export function statusOf(error: NodeJS.ErrnoException): number {
  switch (error.code) {
    case 'WS_ERR_INVALID_UTF8':
      return 1007;
    case 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH':
      return 1009;
    case 'Z_DATA_ERROR':
      return 1007;
    default:
      if (error.code?.startsWith('WS_ERR_') !== true) {
        throw error;
      }
      return 1002;
  }
}
