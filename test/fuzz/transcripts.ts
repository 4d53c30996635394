import type { Writable } from 'node:stream';
import * as ws from 'ws';
import { FrameParser } from '../../libs/websockets/src/protocol/frame-parser.js';
import { Opcode } from '../../libs/websockets/src/protocol/frame-header.js';
import { ProtocolError } from '../../libs/websockets/src/protocol/close-status.js';
import { answer } from '../conformance/server-frames.js';

/**
 * The result for a client's bytes: one line for each message, ping, pong and close, in the form of `readAnswers`, and
 * one for the final error.
 */
export type Transcript = readonly string[];

export const errorLine = (status: number): string => `error ${status}`;

/** RFC 6455 section 7.1.5: the status that stands for a close frame without one. */
export const NO_STATUS = 1005;

export function closeLine(status: number, reason: string | Uint8Array): string {
  const code = status === NO_STATUS ? [] : [status >> 8, status & 0xff];
  return answer(Opcode.close, Buffer.concat([Buffer.from(code), Buffer.from(reason as string)]));
}

/** The way in which a parser is driven. */
export interface Treatment {
  readonly receiveBufferSize?: number;
  /** Whether to stop the flow after each fragment, for these fragments in turn. */
  readonly stops?: readonly boolean[];
  /** Whether one more read arrives while the flow is stopped. */
  readonly readsOn?: boolean;
  /** The offset of the reads in memory, which matters for word-wise unmasking. */
  readonly offset?: number;
  /** Whether messages may be compressed. They are not inflated. */
  readonly allowsCompression?: boolean;
}

/** Guard bytes around the reads in memory, which must not change. */
const OTHERS = 0xa5;

/** The result of our parser for the reads. Fails when the parser breaks its own rules. */
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
      onCloseFrame: (status, description) => lines.push(closeLine(status ?? NO_STATUS, description)),
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

/** The frame parser of ws, which its typings omit. */
const { Receiver } = ws as unknown as {
  Receiver: new (options: { isServer: boolean; maxPayload: number; skipUTF8Validation: boolean }) => Writable;
};

/** The result of ws for the reads. */
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

/** The status with which ws closes for an error of its receiver. */
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
