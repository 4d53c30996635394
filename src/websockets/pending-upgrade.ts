import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import * as ws from 'ws';
import { headersForHandshake, type HandshakeHeaders } from './handshake-headers.js';
import { acceptDeflate } from './protocol/permessage-deflate.js';
import { WebSocketConnection } from './web-socket-connection.js';
import type { WebSocketConnections } from './web-socket-connections.js';
import { WebSocketError } from './web-socket-error.js';
import { resolveWebSocketOptions } from './web-socket-options.js';
import type { WebSocketAcceptOptions, WebSocketUpgrade } from './web-socket-upgrade.js';

/** `ws` parses the header's grammar (RFC 6455 section 4.1). Its typings leave that out. */
const { subprotocol } = ws as unknown as { subprotocol: { parse(header: string): Set<string> } };

/** What accepting a WebSocket request is, over any version of HTTP. */
export abstract class PendingUpgrade implements WebSocketUpgrade {
  private accepted: WebSocketConnection | undefined;

  constructor(
    readonly request: IncomingMessage,
    private readonly connections: WebSocketConnections,
    private readonly protocol: 'h1' | 'h2',
    private readonly remoteAddress: string,
  ) {}

  get connection(): WebSocketConnection | undefined {
    return this.accepted;
  }

  get requestedProtocols(): readonly string[] {
    const header = this.header('sec-websocket-protocol');
    try {
      return header === undefined ? [] : [...subprotocol.parse(header)];
    } catch {
      return []; // it breaks the grammar
    }
  }

  accept(
    { subProtocol, ...options }: WebSocketAcceptOptions = {},
    headers: OutgoingHttpHeaders = {},
  ): WebSocketConnection {
    if (this.accepted !== undefined) {
      throw new WebSocketError('WS_ALREADY_ACCEPTED', 'accept() was called twice for one WebSocket request.');
    }
    const resolved =
      Object.keys(options).length === 0
        ? this.connections.options
        : resolveWebSocketOptions({ ...this.connections.options, ...options });
    if (subProtocol !== undefined) {
      this.checkSubProtocol(subProtocol);
    }
    if (this.isGone) {
      throw new WebSocketError('WS_CLOSED_PREMATURELY', 'The client has gone before its WebSocket was accepted.');
    }
    const deflate = resolved.dangerousEnableCompression
      ? acceptDeflate(this.header('sec-websocket-extensions'), resolved)
      : undefined;
    const socket = this.switchProtocols({
      ...headersForHandshake(headers),
      ...(subProtocol === undefined ? {} : { 'Sec-WebSocket-Protocol': subProtocol }),
      ...(deflate === undefined ? {} : { 'Sec-WebSocket-Extensions': deflate.header }),
    });
    const { protocol, remoteAddress } = this;
    const handshake = { protocol, remoteAddress, path: this.request.url ?? '/', subProtocol };
    this.accepted = new WebSocketConnection(socket, resolved, handshake, deflate?.parameters);
    this.connections.add(this.accepted);
    return this.accepted;
  }

  /** Whether the client cannot be answered any more. */
  protected abstract get isGone(): boolean;

  /** Answers the handshake, with these headers among others, and returns what the frames go over. */
  protected abstract switchProtocols(headers: HandshakeHeaders): Duplex;

  private header(name: string): string | undefined {
    const value = this.request.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  private checkSubProtocol(subProtocol: string): void {
    const { requestedProtocols } = this;
    if (!requestedProtocols.includes(subProtocol)) {
      const offered = requestedProtocols.length === 0 ? 'none' : requestedProtocols.join(', ');
      throw new WebSocketError(
        'WS_INVALID_OPTION',
        `accept() was given the subProtocol ${JSON.stringify(subProtocol)}, but the client offers ${offered}.`,
      );
    }
  }
}
