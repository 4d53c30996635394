import type { Socket } from 'node:net';
import { constants, type OutgoingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import { resetConnection } from './node-internals.js';

/** Where a peer writes its bytes. */
export interface LabTransport {
  readonly httpVersion: '1.1' | '2';
  readonly stream: Duplex;
  /** Ends the connection with a reset: RST of TCP, or RST_STREAM with CANCEL (RFC 8441 section 5). */
  reset(): void;
}

/** HTTP/1.1, with or without TLS: every byte of the connection from the status line on. */
export class Http1Transport implements LabTransport {
  readonly httpVersion = '1.1';

  constructor(readonly stream: Duplex) {}

  reset(): void {
    resetConnection(this.stream as Socket);
  }
}

/** HTTP/2: a stream. Node.js writes the head of the answer, a HEADERS frame. */
export class Http2Transport implements LabTransport {
  readonly httpVersion = '2';

  constructor(readonly stream: ServerHttp2Stream) {}

  /** Sends the head of the answer, or an informational one before it. */
  respond(headers: OutgoingHttpHeaders & { readonly ':status': number }): void {
    const { stream } = this;
    if (stream.headersSent || stream.destroyed) {
      return;
    }
    if (headers[':status'] < 200) {
      stream.additionalHeaders(headers);
    } else {
      stream.respond(headers);
    }
  }

  reset(): void {
    this.resetWith(constants.NGHTTP2_CANCEL);
  }

  /** RST_STREAM with any code (RFC 9113 section 6.4). */
  resetWith(code: number): void {
    this.stream.close(code);
  }

  /**
   * GOAWAY with any code (RFC 9113 section 6.8). The last stream that it names is the one before this one, and this one is
   * reset as not served (section 8.7). Other streams of the connection, which may be of other users behind a proxy, go on.
   */
  goAway(code: number): void {
    const { stream } = this;
    const session = stream.session as ServerHttp2Session | undefined;
    session?.goaway(code, Math.max(0, (stream.id ?? 0) - 2)); // Node.js takes 0 for the stream that came last
    this.resetWith(constants.NGHTTP2_REFUSED_STREAM);
  }
}
