import type { Writable } from 'node:stream';
import * as ws from 'ws';
import { MessageCompression } from '../../libs/websockets/src/connection/message-compression.js';
import type { Fragment } from '../../libs/websockets/src/protocol/fragment.js';
import { FrameParser } from '../../libs/websockets/src/protocol/frame-parser.js';
import { Opcode } from '../../libs/websockets/src/protocol/frame-header.js';
import { ProtocolError } from '../../libs/websockets/src/protocol/close-status.js';
import type { WindowAgreement } from '../conformance/deflate-window.js';
import { answer } from '../conformance/server-frames.js';
import { readFrames } from './read-frames.js';
import { closeLine, errorLine, NO_STATUS, statusOf, type Transcript } from './transcripts.js';

/**
 * Splits reads further, at the ends of frames. The parser looks at a frame that arrives during inflation, and so would
 * report that frame's fault first.
 */
function cutAtFrames(reads: readonly Buffer[]): Buffer[] {
  const ends = readFrames(Buffer.concat(reads)).map(({ end }) => end);
  let at = 0;
  return reads.flatMap((read) => {
    const from = at;
    at += read.length;
    const inside = ends.filter((end) => end > from && end < at).map((end) => end - from);
    return [0, ...inside].map((start, i) => read.subarray(start, inside[i]));
  });
}

/** The result of our parser and decompressor for the reads. */
export async function transcribeCompressed(
  reads: readonly Buffer[],
  { bits, takesOver }: Required<WindowAgreement>,
  receiveBufferSize = 65536,
): Promise<Transcript> {
  const lines: string[] = [];
  let message: Buffer[] = [];
  const collect = ({ data, opcode, endOfMessage }: Fragment): void => {
    message.push(Buffer.from(data));
    if (endOfMessage) {
      lines.push(answer(opcode, Buffer.concat(message)));
      message = [];
    }
  };
  const compression = new MessageCompression(
    {
      clientMaxWindowBits: bits,
      clientNoContextTakeover: !takesOver,
      serverMaxWindowBits: 15,
      serverNoContextTakeover: false,
    },
    receiveBufferSize,
  );
  let inflating: Promise<unknown> | undefined;
  const parser = new FrameParser(
    {
      onFragment(fragment) {
        if (!fragment.isCompressed) {
          collect(fragment);
          return;
        }
        parser.isFlowing = false;
        inflating = Promise.resolve(compression.receive(fragment, collect));
      },
      onPing: (payload) => lines.push(answer(Opcode.ping, payload)),
      onPong: (payload) => lines.push(answer(Opcode.pong, payload)),
      onCloseFrame: (status, description) => lines.push(closeLine(status ?? NO_STATUS, description)),
    },
    receiveBufferSize,
    true,
  );
  parser.isFlowing = true;
  try {
    for (const read of cutAtFrames(reads)) {
      parser.parse(Buffer.from(read));
      while (inflating !== undefined) {
        await inflating;
        inflating = undefined;
        parser.isFlowing = true;
        parser.resume();
      }
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) {
      throw error;
    }
    lines.push(errorLine(error.closeStatus));
  } finally {
    compression.close();
  }
  return lines;
}

/** The receiver of ws, which its typings omit. */
interface Deflate {
  accept(offers: Record<string, (string | true)[]>[]): unknown;
  cleanup(): void;
}
const { PerMessageDeflate, Receiver } = ws as unknown as {
  PerMessageDeflate: new (options: { isServer: boolean }) => Deflate;
  Receiver: new (options: { isServer: boolean; extensions: Record<string, Deflate> }) => Writable;
};

/** The result of ws for the reads. */
export async function transcribeCompressedWithWs(
  reads: readonly Buffer[],
  { bits, takesOver }: Required<WindowAgreement>,
): Promise<Transcript> {
  const lines: string[] = [];
  const deflate = new PerMessageDeflate({ isServer: true });
  deflate.accept([
    { client_max_window_bits: [`${bits}`], ...(takesOver ? {} : { client_no_context_takeover: [true] }) },
  ]);
  const receiver = new Receiver({ isServer: true, extensions: { 'permessage-deflate': deflate } });
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
    await new Promise((resolve) => receiver.write(Buffer.from(read), resolve));
  }
  if (receiver.errored !== null) {
    lines.push(errorLine(statusOf(receiver.errored)));
  }
  deflate.cleanup();
  return lines;
}
