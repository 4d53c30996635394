import type { Socket } from 'node:net';
import type { ConnectionListener, Target } from './connection.js';
import { check } from './frame-reader.js';
import {
  Flag,
  FrameType,
  http2FrameHeader,
  Http2FrameReader,
  type Http2Frame,
  type Http2FrameReceiver,
} from './http2-frames.js';
import { connectHeaders } from './http2-headers.js';
import { Http2Stream, type Http2Sender } from './http2-stream.js';
import { endSocket, openSocket, writeTo } from './open-socket.js';
import { ReceiveWindow } from './receive-window.js';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const NOTHING = Buffer.alloc(0);

/** Settings (RFC 9113, 6.5.2; RFC 8441, 3). */
const Setting = { enablePush: 2, initialWindowSize: 4, enableConnectProtocol: 8 } as const;

/** What a window is until somebody says otherwise, and the largest frame, in bytes. */
const DEFAULT_WINDOW = 65_535;
const LARGEST_FRAME = 16_384;

/** The windows of Chromium, in bytes. */
const STREAM_WINDOW = 6 * 1024 * 1024;
const CONNECTION_WINDOW = 15 * 1024 * 1024;

/**
 * An HTTP/2 connection for WebSockets, and for nothing else. That of Node.js would do, but takes the load generator as
 * much time as the server.
 */
export class Http2Connection implements Http2FrameReceiver, Http2Sender {
  private readonly socket: Socket;
  private readonly reader = new Http2FrameReader(this);
  private readonly streams = new Map<number, Http2Stream>();
  /** Those that may have something to send. They take turns. */
  private readonly senders = new Set<Http2Stream>();
  private readonly request: Buffer;
  private readonly receiveWindow = new ReceiveWindow(CONNECTION_WINDOW);
  private sendWindow = DEFAULT_WINDOW;
  private streamSendWindow = DEFAULT_WINDOW;
  private nextStream = 1;
  /** Whether the server has said that it takes extended CONNECTs. */
  private isReady = false;

  constructor(target: Target) {
    this.request = connectHeaders(`${target.host}:${target.port}`, target.path);
    this.socket = openSocket(target, (bytes, length) => this.onRead(bytes, length));
    this.socket.on('error', (error) => this.fail(error));
    this.socket.on('close', () => this.fail(new Error('The server closed the connection.')));
    writeTo(this.socket, PREFACE);
    const settings = Buffer.concat([setting(Setting.enablePush, 0), setting(Setting.initialWindowSize, STREAM_WINDOW)]);
    this.write({ type: FrameType.settings, flags: 0, stream: 0 }, settings);
    this.widen(0, CONNECTION_WINDOW - DEFAULT_WINDOW);
  }

  /** How many WebSockets it has. */
  get openStreams(): number {
    return this.streams.size;
  }

  /** Begins the handshake of a WebSocket. */
  open(listener: ConnectionListener): Http2Stream {
    const windows = { send: this.streamSendWindow, receive: STREAM_WINDOW };
    const stream = new Http2Stream(this.nextStream, windows, this, listener);
    this.nextStream += 2;
    this.streams.set(stream.number, stream);
    if (this.isReady) {
      this.connect(stream);
    }
    return stream;
  }

  send(stream: Http2Stream): void {
    this.senders.add(stream);
    this.flush();
  }

  /** As the end of TCP: with END_STREAM (RFC 8441, 5). */
  end(stream: Http2Stream): void {
    this.streams.delete(stream.number);
    this.senders.delete(stream);
    this.write({ type: FrameType.data, flags: Flag.endStream, stream: stream.number }, NOTHING);
  }

  onData(number: number, bytes: Buffer, start: number, end: number): void {
    this.widen(0, this.receiveWindow.receive(end - start));
    // Streams that have ended here may still be sent something.
    this.widen(number, this.streams.get(number)?.onData(bytes, start, end) ?? 0);
  }

  onEndOfStream(number: number): void {
    this.streams.get(number)?.fail(new Error('The server closed the connection.'));
  }

  onFrame({ type, flags, stream }: Http2Frame, payload: Buffer): void {
    const isAcknowledgement = (flags & Flag.acknowledgement) !== 0;
    if (type === FrameType.headers) {
      check((flags & Flag.endHeaders) !== 0, 'headers in several frames');
      this.streams.get(stream)?.onResponse(payload);
    } else if (type === FrameType.windowUpdate) {
      this.onWindowUpdate(stream, payload.readUInt32BE());
    } else if (type === FrameType.settings && !isAcknowledgement) {
      this.onSettings(payload);
    } else if (type === FrameType.ping && !isAcknowledgement) {
      this.write({ type, flags: Flag.acknowledgement, stream: 0 }, payload);
    } else if (type === FrameType.resetStream) {
      this.streams.get(stream)?.fail(new Error(`The server reset a stream with code ${payload.readUInt32BE()}.`));
    } else if (type === FrameType.goAway) {
      this.fail(new Error('The server sent GOAWAY.'));
    }
  }

  private onRead(bytes: Buffer, length: number): boolean {
    try {
      this.reader.read(bytes, 0, length);
    } catch (error) {
      this.fail(error as Error);
    }
    return true;
  }

  private onSettings(payload: Buffer): void {
    const wasReady = this.isReady;
    for (let at = 0; at < payload.length; at += 6) {
      const value = payload.readUInt32BE(at + 2);
      switch (payload.readUInt16BE(at)) {
        case Setting.initialWindowSize:
          this.streams.forEach((stream) => (stream.sendWindow += value - this.streamSendWindow));
          this.streamSendWindow = value;
          break;
        case Setting.enableConnectProtocol:
          this.isReady = value === 1;
      }
    }
    check(this.isReady, 'no SETTINGS_ENABLE_CONNECT_PROTOCOL');
    this.write({ type: FrameType.settings, flags: Flag.acknowledgement, stream: 0 }, NOTHING);
    if (!wasReady) {
      this.streams.forEach((stream) => this.connect(stream));
    }
  }

  private onWindowUpdate(number: number, increment: number): void {
    const stream = this.streams.get(number);
    if (number === 0) {
      this.sendWindow += increment;
    } else if (stream) {
      stream.sendWindow += increment;
      this.senders.add(stream);
    }
    this.flush();
  }

  private connect({ number }: Http2Stream): void {
    this.write({ type: FrameType.headers, flags: Flag.endHeaders, stream: number }, this.request);
  }

  private flush(): void {
    // A stream that is added again comes last, and this loop still meets it.
    for (const stream of this.senders) {
      if (this.sendWindow === 0) {
        return;
      }
      this.senders.delete(stream);
      const bytes = stream.takeUnsent(Math.min(this.sendWindow, LARGEST_FRAME));
      if (bytes) {
        this.sendWindow -= bytes.length;
        this.write({ type: FrameType.data, flags: 0, stream: stream.number }, bytes);
        this.senders.add(stream);
      }
    }
  }

  /** Lets the server send more, on a stream or, with 0, on all of them. */
  private widen(stream: number, increment: number): void {
    if (increment > 0) {
      const payload = Buffer.alloc(4);
      payload.writeUInt32BE(increment);
      this.write({ type: FrameType.windowUpdate, flags: 0, stream }, payload);
    }
  }

  private write(frame: Http2Frame, payload: Buffer): void {
    writeTo(this.socket, http2FrameHeader(frame, payload.length));
    if (payload.length > 0) {
      writeTo(this.socket, payload);
    }
  }

  private fail(error: Error): void {
    endSocket(this.socket);
    this.streams.forEach((stream) => stream.fail(error));
  }
}

function setting(identifier: number, value: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt16BE(identifier);
  bytes.writeUInt32BE(value, 2);
  return bytes;
}
