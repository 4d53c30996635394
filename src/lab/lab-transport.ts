import type { Socket } from 'node:net';
import { constants, type OutgoingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import { resetConnection } from './node-internals.js';

/** What a peer writes its bytes to. */
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

/** HTTP/2: a stream. The head of the answer is a HEADERS frame that Node.js writes. */
export class Http2Transport implements LabTransport {
  readonly httpVersion = '2';

  constructor(readonly stream: ServerHttp2Stream) {}

  respond(headers: OutgoingHttpHeaders, endStream = false): void {
    if (!this.stream.headersSent && !this.stream.destroyed) {
      this.stream.respond(headers, { endStream });
    }
  }

  reset(): void {
    this.resetWith(constants.NGHTTP2_CANCEL);
  }

  /** RST_STREAM with any code (RFC 9113 section 6.4). */
  resetWith(code: number): void {
    this.stream.close(code);
  }

  /** GOAWAY with any code (RFC 9113 section 6.8), and the end of the connection. */
  goAway(code: number): void {
    const session = this.stream.session as ServerHttp2Session | undefined;
    session?.goaway(code, 0);
    session?.close();
  }
}
