import { setTimeout as wait } from 'node:timers/promises';
import {
  closePayload,
  describeFrame,
  encodeFrame,
  OPCODE,
  payloadBytes,
  type FrameFields,
  type ReceivedFrame,
} from './frame.js';
import { FrameReader } from './frame-reader.js';
import { encodeHead, encodeRefusal, headersObject, type HeaderLines } from './http-answer.js';
import { acceptKeyOf, type LabRequest } from './lab-request.js';
import { Http2Transport, type LabTransport } from './lab-transport.js';
import { PacedWriter } from './paced-writer.js';

/** The limits of a peer. */
export interface PeerLimits {
  /** How long a connection lasts at most, in ms. */
  readonly maxTime: number;
  /** How many bytes a peer writes at most. */
  readonly maxBytes: number;
  /** How long an expectation waits for its frame, in ms. Default: `maxTime`. */
  readonly expectationTimeout?: number;
}

/** The largest payload of a frame that is read, in bytes. */
export const LARGEST_RECEIVED = 4 * 1024 * 1024;

/** The time limit for a client to end its half after the peer has ended its own, in ms. */
const LINGER = 5000;

/** The maximum number of events in the message of a failed expectation. */
const EVENTS_SHOWN = 20;

/** An expectation of a test that failed. The message has the frames that were received and sent. */
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
 * The server's end of a WebSocket, of which every byte is scripted: the answer to the handshake, each frame, and the end
 * of the connection. Nothing happens by itself: no pong, no answer to a close frame, no check of what is sent.
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
  private isCut = false;

  constructor(
    readonly request: LabRequest,
    readonly transport: LabTransport,
    private readonly limits: PeerLimits,
  ) {
    const controller = new AbortController();
    this.signal = controller.signal;
    const { stream } = transport;
    this.writer = new PacedWriter(stream, this.signal, {
      bytes: limits.maxBytes,
      onExceeded: () => this.cut(`reset the connection: it may be sent at most ${limits.maxBytes} bytes`),
    });
    const deadline = setTimeout(
      () => this.cut(`reset the connection: it may last at most ${limits.maxTime} ms`),
      limits.maxTime,
    );
    stream.on('error', () => {}); // clients that vanish are an ordinary event here
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

  /** Whether the client has ended its half of the connection in an orderly way. */
  get isClientEnded(): boolean {
    return this.transport.stream.readableEnded && !this.isCut;
  }

  /** Whether the lab has ended the connection by force. */
  get isReset(): boolean {
    return this.isCut;
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
   * @param headers further headers, such as `[['Sec-WebSocket-Protocol', 'chat']]`
   */
  async accept(headers: HeaderLines = []): Promise<void> {
    this.note('accepted the handshake');
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
  async refuse(status: number, headers: HeaderLines = [], body: string | Uint8Array = ''): Promise<void> {
    this.note(`refused the handshake with ${status}`);
    if (this.transport instanceof Http2Transport) {
      this.transport.respond({ ':status': status, ...headersObject(headers) });
      this.transport.stream.end(body);
    } else {
      await this.writer.write([encodeRefusal(status, headers, body)]);
      this.end();
    }
    this.transport.stream.resume(); // the end of the client's half has to be read
  }

  /** Sends a frame. Every field may break the protocol. */
  async frame(fields: FrameFields): Promise<void> {
    const payload = payloadBytes(fields);
    this.note(
      `sent ${describeFrame({ fin: true, reserved: 0, ...fields, masked: fields.mask === undefined, payload }).replace(', not masked', '')}`,
    );
    await this.writer.write([encodeFrame(fields)]);
  }

  /** Sends a message of one frame: text for a string, binary for bytes. */
  send(data: string | Uint8Array): Promise<void> {
    return this.frame({ opcode: typeof data === 'string' ? OPCODE.text : OPCODE.binary, payload: data });
  }

  /** Sends a close frame, whatever the code. Without a code its payload is empty. */
  close(code?: number, reason?: string): Promise<void> {
    return this.frame({ opcode: OPCODE.close, payload: closePayload(code, reason) });
  }

  /**
   * Reads the next frame of the client.
   *
   * @returns undefined when the client has ended its half, or the connection has ended
   * @throws FrameTooLargeError where the payload has more than 4 MiB
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
   * @param expected the text of the message. Default: any text
   * @throws LabExpectationError where another frame comes, or none in time
   */
  async receiveText(expected?: string): Promise<string> {
    const { payload } = await this.expect(
      expected === undefined ? 'a text message' : `text ${JSON.stringify(expected)}`,
      (frame) => isMessage(frame, OPCODE.text) && (expected === undefined || frame.payload.toString() === expected),
    );
    return payload.toString();
  }

  /**
   * Reads a binary message of one frame.
   *
   * @param expected the bytes of the message. Default: any bytes
   * @throws LabExpectationError where another frame comes, or none in time
   */
  async receiveBinary(expected?: Uint8Array): Promise<Buffer> {
    const { payload } = await this.expect(
      expected === undefined ? 'a binary message' : `a binary message of ${expected.length} certain bytes`,
      (frame) => isMessage(frame, OPCODE.binary) && (expected === undefined || frame.payload.equals(expected)),
    );
    return payload;
  }

  /**
   * Reads a ping.
   *
   * @returns its payload
   * @throws LabExpectationError where another frame comes, or none in time
   */
  async receivePing(): Promise<Buffer> {
    return (await this.expect('a ping', ({ opcode }) => opcode === OPCODE.ping)).payload;
  }

  /**
   * Reads a pong.
   *
   * @returns its payload
   * @throws LabExpectationError where another frame comes, or none in time
   */
  async receivePong(): Promise<Buffer> {
    return (await this.expect('a pong', ({ opcode }) => opcode === OPCODE.pong)).payload;
  }

  /**
   * Reads a close frame.
   *
   * @param expected the status of the close frame. Default: any status, or none
   * @throws LabExpectationError where another frame comes, or none in time
   */
  async receiveClose(expected?: number): Promise<{ code: number | undefined; reason: string }> {
    const { payload } = await this.expect(
      `a close frame${expected === undefined ? '' : ` with ${expected}`}`,
      (frame) => frame.opcode === OPCODE.close && (expected === undefined || codeOf(frame.payload) === expected),
    );
    return { code: codeOf(payload), reason: payload.toString('utf8', 2) };
  }

  /**
   * Reads to the end of the client's half.
   *
   * @throws LabExpectationError where a frame comes, where the end does not come in time, or where the connection is reset
   */
  async receiveEnd(): Promise<void> {
    const expected = 'the end of the connection';
    if ((await this.receiveInTime(expected)) !== undefined || !this.isClientEnded) {
      throw this.unexpected(expected);
    }
  }

  /**
   * Waits.
   *
   * @throws Error named `AbortError` when the connection ends before
   */
  async wait(milliseconds: number): Promise<void> {
    if (milliseconds > 0) {
      await wait(milliseconds, undefined, { signal: this.signal });
    }
  }

  /** Ends this half of the connection, without a close frame: FIN, over HTTP/2 END_STREAM. */
  end(): void {
    this.note('ended the connection');
    const { stream } = this.transport;
    stream.end();
    // A client that never ends its half must not keep the connection.
    void this.wait(LINGER).then(
      () => {
        this.isCut = true;
        stream.destroy();
      },
      () => {},
    );
  }

  /** Ends the connection with a reset: RST, over HTTP/2 RST_STREAM with CANCEL. */
  reset(): void {
    this.cut('reset the connection');
  }

  /** Discards what the client still sends, so that the end of its half is seen. */
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

  private cut(event: string): void {
    if (!this.signal.aborted) {
      this.note(event);
      this.isCut = true;
      this.transport.reset();
    }
  }

  /** Reads the next bytes; undefined at the end, and after a reset. */
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

  private async expect(expected: string, matches: (frame: ReceivedFrame) => boolean): Promise<ReceivedFrame> {
    const frame = await this.receiveInTime(expected);
    if (frame === undefined || !matches(frame)) {
      throw this.unexpected(expected);
    }
    return frame;
  }

  /** @throws LabExpectationError when nothing comes in time */
  private async receiveInTime(expected: string): Promise<ReceivedFrame | undefined> {
    const { expectationTimeout } = this.limits;
    if (expectationTimeout === undefined) {
      return this.receive();
    }
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.note(`nothing came for ${expectationTimeout} ms`);
        reject(this.unexpected(expected));
      }, expectationTimeout);
    });
    try {
      return await Promise.race([this.receive(), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  private note(event: string): void {
    this.history.push(event);
    if (this.history.length > EVENTS_SHOWN) {
      this.history.shift();
    }
  }

  private unexpected(expected: string): LabExpectationError {
    const { isClientEnded, isReset, signal } = this;
    const end = isClientEnded
      ? ['the client ended the connection']
      : signal.aborted && !isReset
        ? ['the client reset the connection']
        : [];
    const happened = [...this.history, ...end].map((event) => `\n  ${event}`).join('');
    return new LabExpectationError(`Expected ${expected}. What happened:${happened}`);
  }
}

function isMessage({ opcode, fin }: ReceivedFrame, type: number): boolean {
  return opcode === type && fin;
}

function codeOf(payload: Buffer): number | undefined {
  return payload.length >= 2 ? payload.readUInt16BE() : undefined;
}
