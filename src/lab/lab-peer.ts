import { STATUS_CODES } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import {
  closePayload,
  describeFrame,
  encodeFrame,
  FrameReader,
  OPCODE,
  type FrameFields,
  type ReceivedFrame,
} from './frame.js';
import { acceptKeyOf, type LabRequest } from './lab-request.js';
import { Http2Transport, type LabTransport } from './lab-transport.js';
import { PacedWriter } from './paced-writer.js';

/** How much a peer writes and reads, and for how long. */
export interface PeerLimits {
  /** How long a connection lasts at most, in ms. */
  readonly maxTime: number;
  /** How many bytes a peer writes at most. */
  readonly maxBytes: number;
}

/** The largest payload of a frame that is read, in bytes. */
export const LARGEST_RECEIVED = 4 * 1024 * 1024;

/** How long a client has to end its half once the peer has ended its own, in ms. */
const LINGER = 5000;

/** How many frames an expectation that fails shows. */
const FRAMES_SHOWN = 20;

/** Headers of an answer, in order, by name; a name may come twice. */
export type HeaderLines = readonly (readonly [name: string, value: string])[];

/** What did not come as a test expected it. The message has the frames that came and those that were sent. */
export class LabExpectationError extends Error {
  override readonly name = 'LabExpectationError';
}

/** The connection has ended. */
export class PeerGoneError extends Error {
  override readonly name = 'PeerGoneError';

  constructor() {
    super('The connection has ended.');
  }
}

/**
 * One end of a WebSocket, of which every byte is scripted: the answer to the handshake, each frame, and how the
 * connection ends. Nothing happens by itself: no pong, no answer to a close, no check of what is sent.
 */
export class LabPeer {
  readonly writer: PacedWriter;
  /** Aborts when the connection has ended. */
  readonly signal: AbortSignal;
  /** Resolves when the connection has ended. */
  readonly ended: Promise<void>;
  /** How fast the client is read, in bytes a second; undefined for no limit. */
  readRate: number | undefined;
  private readonly reader = new FrameReader(LARGEST_RECEIVED);
  private readonly arrived: ReceivedFrame[] = [];
  private readonly history: string[] = [];
  private chunks: AsyncIterator<Buffer> | undefined;

  constructor(
    readonly request: LabRequest,
    readonly transport: LabTransport,
    limits: PeerLimits,
  ) {
    const controller = new AbortController();
    this.signal = controller.signal;
    const { stream } = transport;
    this.writer = new PacedWriter(stream, this.signal, limits.maxBytes);
    const deadline = setTimeout(() => this.reset(), limits.maxTime);
    stream.on('error', () => {}); // a client that goes away is what the lab is for
    this.ended = new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(deadline);
        controller.abort(new PeerGoneError());
        resolve();
      };
      if (stream.destroyed) {
        end();
      } else {
        stream.once('close', end);
      }
    });
  }

  /** Writes bytes as they are: a buffer, or hex digits such as `8103616263`. */
  async write(bytes: Uint8Array | string): Promise<void> {
    const buffer = typeof bytes === 'string' ? Buffer.from(bytes.replaceAll(/\s/g, ''), 'hex') : bytes;
    this.note(`sent ${Buffer.from(buffer.subarray(0, 64)).toString('hex')}${buffer.length > 64 ? '…' : ''}`);
    await this.writer.write([buffer]);
  }

  /**
   * Accepts the handshake: with 101 and the right `Sec-WebSocket-Accept`, over HTTP/2 with 200.
   *
   * @param headers besides, such as `[['Sec-WebSocket-Protocol', 'chat']]`
   */
  async accept(headers: HeaderLines = []): Promise<void> {
    if (this.transport instanceof Http2Transport) {
      this.transport.respond({ ':status': 200, ...headersObject(headers) });
    } else {
      const required = [
        ['Upgrade', 'websocket'],
        ['Connection', 'Upgrade'],
        ['Sec-WebSocket-Accept', acceptKeyOf(this.request)],
      ] as const;
      await this.writer.write([encodeHead(101, [...required, ...headers])]);
    }
  }

  /** Refuses the handshake with an ordinary response, and ends the connection. */
  async refuse(status: number, headers: HeaderLines = [], body = ''): Promise<void> {
    if (this.transport instanceof Http2Transport) {
      this.transport.respond({ ':status': status, ...headersObject(headers) });
      this.transport.stream.end(body);
    } else {
      await this.writer.write([encodeRefusal(status, headers, body)]);
      this.end();
    }
    this.transport.stream.resume(); // what the client sends after a refusal is not read
  }

  /** Sends a frame. Every field can be wrong. */
  async frame(fields: FrameFields): Promise<void> {
    const payload = Buffer.from(fields.payload ?? '');
    this.note(
      `sent ${describeFrame({ fin: true, reserved: 0, ...fields, masked: fields.mask === undefined, payload }).replace(', not masked', '')}`,
    );
    await this.writer.write([encodeFrame(fields)]);
  }

  /** Sends a message of one frame: text for a string, binary for bytes. */
  send(data: string | Uint8Array): Promise<void> {
    return this.frame({ opcode: typeof data === 'string' ? OPCODE.text : OPCODE.binary, payload: data });
  }

  /** Sends a close frame, whatever the code. */
  close(code?: number, reason?: string): Promise<void> {
    return this.frame({ opcode: OPCODE.close, payload: closePayload(code, reason) });
  }

  /**
   * Reads the next frame of the client.
   *
   * @returns undefined when the client has ended its half, or the connection has ended
   * @throws FrameTooLargeError
   */
  async receive(): Promise<ReceivedFrame | undefined> {
    while (this.arrived.length === 0) {
      const bytes = await this.read();
      if (bytes === undefined) {
        return undefined;
      }
      this.arrived.push(...this.reader.push(bytes));
    }
    const frame = this.arrived.shift()!;
    this.note(`received ${describeFrame(frame)}`);
    return frame;
  }

  /**
   * Reads a text message of one frame.
   *
   * @throws LabExpectationError where it is another frame, or another text than `expected`
   */
  async receiveText(expected?: string): Promise<string> {
    const frame = await this.receive();
    const text = frame?.opcode === OPCODE.text && frame.fin ? frame.payload.toString() : undefined;
    if (text === undefined || (expected !== undefined && text !== expected)) {
      throw this.unexpected(expected === undefined ? 'a text message' : `text ${JSON.stringify(expected)}`);
    }
    return text;
  }

  /**
   * Reads a close frame.
   *
   * @throws LabExpectationError where it is another frame, or has another code than `expected`
   */
  async receiveClose(expected?: number): Promise<{ code: number | undefined; reason: string }> {
    const frame = await this.receive();
    const code = frame !== undefined && frame.payload.length >= 2 ? frame.payload.readUInt16BE() : undefined;
    if (frame?.opcode !== OPCODE.close || (expected !== undefined && code !== expected)) {
      throw this.unexpected(`a close frame${expected === undefined ? '' : ` with ${expected}`}`);
    }
    return { code, reason: frame.payload.toString('utf8', 2) };
  }

  /** Waits, at most until the connection has ended. */
  async wait(milliseconds: number): Promise<void> {
    await wait(milliseconds, undefined, { signal: this.signal });
  }

  /** Ends this half of the connection, without a close frame: FIN, over HTTP/2 END_STREAM. */
  end(): void {
    this.note('ended the connection');
    const { stream } = this.transport;
    stream.end();
    // A client that never ends its half must not keep the connection.
    void this.wait(LINGER).then(
      () => stream.destroy(),
      () => {},
    );
  }

  /** Ends the connection with a reset: RST, over HTTP/2 RST_STREAM with CANCEL. */
  reset(): void {
    this.note('reset the connection');
    this.transport.reset();
  }

  /** Throws away what the client still sends, so that the end of its half is seen. */
  discardRest(): void {
    const { stream } = this.transport;
    if (this.chunks === undefined) {
      stream.resume();
    } else {
      void (async () => {
        while ((await this.read()) !== undefined) {}
      })();
    }
  }

  /** Reads what has come, as it came; undefined at the end. Reading ends with the connection. */
  private async read(): Promise<Buffer | undefined> {
    this.chunks ??= this.transport.stream.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
    try {
      const { value, done } = await this.chunks.next();
      if (done) {
        return undefined;
      }
      const bytes = value;
      if (this.readRate !== undefined) {
        await this.wait((bytes.length / this.readRate) * 1000);
      }
      return bytes;
    } catch {
      return undefined;
    }
  }

  private note(event: string): void {
    this.history.push(event);
    if (this.history.length > FRAMES_SHOWN) {
      this.history.shift();
    }
  }

  private unexpected(expected: string): LabExpectationError {
    const happened = this.history.map((event) => `\n  ${event}`).join('');
    const end = this.transport.stream.readableEnded || this.signal.aborted ? '\n  the client ended the connection' : '';
    return new LabExpectationError(`Expected ${expected}. What happened:${happened}${end}`);
  }
}

/** The bytes of a response's head. No value is checked: a line break in it is sent. */
export function encodeHead(status: number, headers: HeaderLines): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n${lines}\r\n`, 'latin1');
}

/** The bytes of an ordinary response, after which the connection ends. */
export function encodeRefusal(status: number, headers: HeaderLines, body: string): Buffer {
  const framing = [
    ['Content-Length', String(Buffer.byteLength(body))],
    ['Connection', 'close'],
  ] as const;
  return Buffer.concat([encodeHead(status, [...headers, ...framing]), Buffer.from(body)]);
}

/** Headers as HTTP/2 of Node.js takes them. */
export function headersObject(headers: HeaderLines): Record<string, string | string[]> {
  const names = [...new Set(headers.map(([name]) => name.toLowerCase()))];
  return Object.fromEntries(
    names.map((name) => {
      const values = headers.filter(([other]) => other.toLowerCase() === name).map(([, value]) => value);
      return [name, values.length === 1 ? values[0] : values];
    }),
  );
}
