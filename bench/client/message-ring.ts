import { constants, deflateRawSync } from 'node:zlib';
import type { MessageShape } from '../loads.js';
import { CompressedEchoes } from './compressed-echoes.js';
import { buildFrame, Opcode } from './frames.js';
import { randomBytes, randomText, seededRandom, type Random } from './random-content.js';

/** Enough different messages that none is taken for its neighbour, and few enough to stay in the processor's cache. */
const RING_BYTES = 256 * 1024;
const MOST_MESSAGES = 1024;

/** How a server may frame its echoes: those of the whole ring, one after the other. */
export interface EchoForm {
  readonly bytes: Buffer;
  /** What each message takes in this form, in bytes. */
  readonly messageLength: number;
}

/** Messages that are sent over and over. All is made before the first one is sent: they, their frames, their echoes. */
export class MessageRing {
  readonly opcode: number;
  readonly isCompressed: boolean;
  /** How many different messages there are. */
  readonly count: number;
  /** Of each message, without frames and compression, in bytes. */
  readonly messageLength: number;
  /** The messages, one after the other. */
  readonly payload: Buffer;
  /** The messages as masked frames, one after the other. */
  readonly frames: Buffer;
  /** Where the frames of each message begin; the last entry is where all end. */
  readonly frameOffsets: readonly number[];
  /** The usual forms of the echoes: framed as the client did, and as one frame each. None when they are compressed. */
  readonly echoForms: readonly EchoForm[];
  readonly compressedEchoes: CompressedEchoes;

  /** @param takesEvents whether the server echoes only the events of Nest's stock gateways */
  constructor({ size, content, fragmentSize, isCompressed = false }: MessageShape, takesEvents: boolean) {
    const random = seededRandom(1);
    const isText = takesEvents || content !== 'binary';
    this.opcode = isText ? Opcode.text : Opcode.binary;
    this.isCompressed = isCompressed;
    this.count = size > RING_BYTES * 4 ? 1 : Math.min(MOST_MESSAGES, Math.max(2, Math.floor(RING_BYTES / size)));
    const messages = Array.from({ length: this.count }, () => {
      const message = isText ? randomText(size, content === 'utf8', random) : randomBytes(size, random);
      return takesEvents ? asEvent(message) : message;
    });
    this.messageLength = messages[0].length;
    this.payload = Buffer.concat(messages);

    const framed = messages.map((message) =>
      isCompressed
        ? buildFrame(this.opcode, compress(message), { maskingKey: random, isCompressed })
        : this.framesOf(message, fragmentSize, random),
    );
    this.frames = Buffer.concat(framed);
    let offset = 0;
    this.frameOffsets = [0, ...framed.map(({ length }) => (offset += length))];

    this.compressedEchoes = new CompressedEchoes(this.payload, this.messageLength);
    const forms = isCompressed ? [] : new Set([fragmentSize, undefined]);
    this.echoForms = Array.from(forms, (fragments) => {
      const echoes = messages.map((message) => this.framesOf(message, fragments));
      return { bytes: Buffer.concat(echoes), messageLength: echoes[0].length };
    });
  }

  private framesOf(message: Buffer, fragmentSize = message.length, maskingKey?: Random): Buffer {
    const frames: Buffer[] = [];
    for (let from = 0; from < message.length; from += fragmentSize) {
      const opcode = from === 0 ? this.opcode : Opcode.continuation;
      const isFinal = from + fragmentSize >= message.length;
      frames.push(buildFrame(opcode, message.subarray(from, from + fragmentSize), { maskingKey, isFinal }));
    }
    return Buffer.concat(frames);
  }
}

function asEvent(text: Buffer): Buffer {
  return Buffer.concat([Buffer.from('{"event":"echo","data":"'), text, Buffer.from('"}')]);
}

/** RFC 7692, 7.2.1: without the four bytes at the end. */
function compress(message: Buffer): Buffer {
  return deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}
