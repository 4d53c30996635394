import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { LabPeer, type PeerLimits } from './lab-peer.js';
import { labRequestOf } from './lab-request.js';
import { LabSessions, type ClientClose } from './lab-sessions.js';
import { Http1Transport, Http2Transport, type LabTransport } from './lab-transport.js';
import { readScript, ScriptError } from './read-script.js';
import { ScriptRun } from './script-run.js';

export { closePayload, encodeFrame, encodeHeader, OPCODE, type FrameFields, type ReceivedFrame } from './frame.js';
export { FRAME_FAULTS, type FrameFaultName } from './frame-faults.js';
export { LabExpectationError, LabPeer, PeerGoneError, type HeaderLines } from './lab-peer.js';
export type { LabRequest } from './lab-request.js';
export type { ClientClose } from './lab-sessions.js';
export type { LabTransport } from './lab-transport.js';

/** Options of a lab server. */
export interface LabServerOptions {
  /** Where it listens (default: 127.0.0.1). */
  readonly host?: string;
  /** Default: 0, any free port. */
  readonly port?: number;
  /** Serves wss, over HTTP/1.1 and HTTP/2 (RFC 8441), with this certificate in PEM. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** How long a connection lasts at most, in ms (default: 1 minute). */
  readonly maxTime?: number;
  /** How many bytes a connection is sent at most (default: 4 GiB). */
  readonly maxBytes?: number;
}

/** What a test has one connection do. The connection ends when its promise is fulfilled, and is reset when it is rejected. */
export type PeerScript<T> = (peer: LabPeer) => Promise<T> | T;

/** Takes the next connection. */
type Turn = (peer: LabPeer) => Promise<void>;

/**
 * A server for tests of WebSocket clients, in the process of the tests. A connection follows the query of its URL, as at
 * `/lab`, or the script that `next` has for it.
 */
export class LabServer {
  private readonly sessions = new LabSessions();
  private readonly sockets = new Set<Socket>();
  private readonly turns: { readonly take: Turn; readonly giveUp: () => void }[] = [];

  private constructor(
    private readonly server: Server | Http2SecureServer,
    private readonly scheme: 'ws' | 'wss',
    private readonly host: string,
    private readonly limits: PeerLimits,
  ) {
    const isSecure = scheme === 'wss';
    server.on(isSecure ? 'secureConnection' : 'connection', (socket: Socket) => this.keep(socket));
    server.on('request', (request: IncomingMessage, response: ServerResponse) => answer(request, response));
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      if (head.length > 0) {
        socket.unshift(head);
      }
      void this.serve(request, new Http1Transport(socket));
    });
    server.on('connect', (request: Http2ServerRequest, response: Http2ServerResponse | Socket) => {
      if ('stream' in response) {
        void this.serve(request as unknown as IncomingMessage, new Http2Transport(response.stream));
      } else {
        response.destroy();
      }
    });
  }

  /** @internal */
  static async start(options: LabServerOptions): Promise<LabServer> {
    const { host = '127.0.0.1', port = 0, tls, maxTime = 60_000, maxBytes = 4 * 1024 ** 3 } = options;
    const server = tls
      ? createSecureServer({ ...tls, allowHTTP1: true, settings: { enableConnectProtocol: true } })
      : createServer({ noDelay: true });
    const lab = new LabServer(server, tls ? 'wss' : 'ws', host, { maxTime, maxBytes });
    server.listen(port, host);
    await once(server, 'listening');
    return lab;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** `ws://127.0.0.1:PORT/lab`, to which a query may be added. */
  get url(): string {
    return `${this.scheme}://${this.host.includes(':') ? `[${this.host}]` : this.host}:${this.port}/lab`;
  }

  /** How many connections there are. */
  get size(): number {
    return this.sessions.size;
  }

  /**
   * Has the next connection follow a script. Calls queue up: each connection takes one.
   *
   * @returns what the script returns; rejects with what it throws, and when the server closes before a client connects
   */
  next<T>(script: PeerScript<T>): Promise<T> {
    const result = new Promise<T>((resolve, reject) => {
      this.turns.push({
        take: async (peer) => {
          try {
            resolve(await script(peer));
            if (!peer.signal.aborted && !peer.transport.stream.writableEnded) {
              peer.end();
            }
          } catch (error) {
            reject(error);
            peer.reset();
          }
        },
        giveUp: () => reject(new Error('The lab server was closed before a client connected for next().')),
      });
    });
    result.catch(() => {}); // the test may wait for it later
    return result;
  }

  /** How the client of the last connection with this `id=` closed. */
  closeOf(id: string): ClientClose | undefined {
    return this.sessions.closeOf(id);
  }

  /** Resets every connection, and stops listening. Nothing is left that would keep the process. */
  async close(): Promise<void> {
    this.turns.splice(0).forEach(({ giveUp }) => giveUp());
    const closed = once(this.server, 'close');
    this.server.close();
    await this.sessions.end();
    this.sockets.forEach((socket) => socket.destroy());
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
  }

  private async serve(request: IncomingMessage, transport: LabTransport): Promise<void> {
    const peer = new LabPeer(labRequestOf(request), transport, this.limits);
    const turn = this.turns.shift();
    if (turn !== undefined) {
      this.sessions.join(peer, undefined);
      await turn.take(peer);
      peer.discardRest();
      return;
    }
    try {
      const script = readScript(new URL(peer.request.url, 'http://localhost').searchParams, this.limits, peer.request);
      await new ScriptRun(peer, script, this.sessions).run();
    } catch (error) {
      this.sessions.join(peer, undefined);
      const [status, message] = error instanceof ScriptError ? [400, error.message] : [500, String(error)];
      await peer.refuse(status, [['Content-Type', 'text/plain; charset=utf-8']], message).catch(() => peer.reset());
    }
  }
}

/**
 * Starts a server for tests of WebSocket clients, in this process, on a free port.
 *
 * @throws Error where the port or the certificate cannot be used
 */
export function createLabServer(options: LabServerOptions = {}): Promise<LabServer> {
  return LabServer.start(options);
}

/** What is asked without a WebSocket. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const isRequest = request.url?.split('?')[0] === '/lab/request';
  response.writeHead(isRequest ? 200 : 426, {
    'Content-Type': 'application/json; charset=utf-8',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(JSON.stringify(isRequest ? labRequestOf(request) : { message: 'Connect with a WebSocket client.' }));
}
