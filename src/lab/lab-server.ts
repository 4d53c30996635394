import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { HARMLESS } from './peer/http-answer.js';
import { LabPeer, type PeerLimits } from './peer/lab-peer.js';
import { labRequestOf, pseudoHeaderOf, queryOf, tellable } from './peer/lab-request.js';
import { LabSessions, type ClientClose } from './script/lab-sessions.js';
import { Http1Transport, Http2Transport, type LabTransport } from './peer/lab-transport.js';
import type { LabScript } from './script/parameters.js';
import { readScript, type ScriptError } from './script/read-script.js';
import { ScriptRun } from './script/script-run.js';

export { closePayload, encodeFrame, encodeHeader, OPCODE, type FrameFields, type ReceivedFrame } from './peer/frame.js';
export { FRAME_FAULTS, type FrameFaultName } from './script/frame-faults.js';
export type { HeaderLines } from './peer/http-answer.js';
export { LabExpectationError, LabPeer, PeerGoneError } from './peer/lab-peer.js';
export type { LabRequest } from './peer/lab-request.js';
export type { ClientClose, ReceivedCounts } from './script/lab-sessions.js';
export type { LabTransport } from './peer/lab-transport.js';

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
  /**
   * How long an expectation of a script, such as `receiveText()`, waits for its frame, in ms (default: 4000). It is shorter
   * than the time-outs of Jest and Vitest, whose messages would not show the frames.
   */
  readonly expectationTimeout?: number;
}

/** The script of one connection. The connection ends when its promise is fulfilled, and is reset when it is rejected. */
export type PeerScript<T> = (peer: LabPeer) => Promise<T> | T;

/** Runs a script on a connection. */
type Turn = (peer: LabPeer) => Promise<void>;

/**
 * A server for tests of WebSocket clients, in the process of the tests. A connection follows a script of `next()`. If there
 * is none, it follows the query of its URL, as at `/lab`.
 */
export class LabServer {
  private readonly sessions = new LabSessions();
  private readonly sockets = new Set<Socket>();
  private readonly turns: { readonly take: Turn; readonly giveUp: () => void }[] = [];
  private closed: Promise<void> | undefined;

  private constructor(
    private readonly server: Server | Http2SecureServer,
    private readonly scheme: 'ws' | 'wss',
    private readonly host: string,
    private readonly limits: PeerLimits,
  ) {
    server.on('connection', (socket: Socket) => this.keep(socket));
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
    const { host = '127.0.0.1', port = 0, tls } = options;
    const { maxTime = 60_000, maxBytes = 4 * 1024 ** 3, expectationTimeout = 4000 } = options;
    const server = tls
      ? createSecureServer({ ...tls, allowHTTP1: true, settings: { enableConnectProtocol: true } })
      : createServer({ noDelay: true });
    const lab = new LabServer(server, tls ? 'wss' : 'ws', host, { maxTime, maxBytes, expectationTimeout });
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
   * Sets the script of the next connection. After several calls each connection follows one of the scripts, in the order of
   * the calls.
   *
   * @returns the result of the script. It rejects with the error of the script, and if the server closes before a client
   *   has connected
   */
  next<T>(script: PeerScript<T>): Promise<T> {
    const result = new Promise<T>((resolve, reject) => {
      this.turns.push({
        take: async (peer) => {
          try {
            const value = await script(peer);
            if (!peer.signal.aborted && !peer.transport.stream.writableEnded) {
              peer.end();
            }
            resolve(value);
          } catch (error) {
            peer.reset();
            reject(error);
          }
        },
        giveUp: () => reject(new Error('The lab server was closed before a client connected for next().')),
      });
    });
    if (this.closed !== undefined) {
      this.giveUpTurns();
    }
    result.catch(() => {}); // the test may wait for it later
    return result;
  }

  /** How the client of the last connection with this `id=` closed. */
  closeOf(id: string): ClientClose | undefined {
    return this.sessions.closeOf(id);
  }

  /**
   * Resets every connection, and stops listening. Nothing remains that would keep the process running. Further calls have no
   * effect.
   */
  close(): Promise<void> {
    this.closed ??= this.stop();
    return this.closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async stop(): Promise<void> {
    this.giveUpTurns();
    const closed = once(this.server, 'close');
    this.server.close();
    this.sessions.end();
    this.sockets.forEach((socket) => socket.destroy());
    await closed;
  }

  private giveUpTurns(): void {
    this.turns.splice(0).forEach(({ giveUp }) => giveUp());
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
  }

  private async serve(request: IncomingMessage, transport: LabTransport): Promise<void> {
    const peer = new LabPeer(labRequestOf(request), transport, this.limits);
    const mistake = handshakeMistake(peer);
    if (mistake !== undefined) {
      await this.refuse(peer, mistake);
      return;
    }
    const turn = this.turns.shift();
    if (turn !== undefined) {
      this.sessions.join(peer);
      await turn.take(peer);
      peer.discardRest();
      return;
    }
    let script: LabScript;
    try {
      script = readScript(queryOf(peer.request), this.limits, peer.request);
    } catch (error) {
      await this.refuse(peer, (error as ScriptError).message);
      return;
    }
    await new ScriptRun(peer, script, this.sessions).run();
  }

  private async refuse(peer: LabPeer, message: string): Promise<void> {
    this.sessions.join(peer);
    await peer.refuse(400, HARMLESS, message).catch(() => {}); // the client has gone
  }
}

/**
 * Starts a server for tests of WebSocket clients, in this process, on a free port.
 *
 * @throws Error if the port or the certificate cannot be used
 */
export function createLabServer(options: LabServerOptions = {}): Promise<LabServer> {
  return LabServer.start(options);
}

/** Why a request is not a handshake; undefined if it is one (RFC 6455 section 4.2.1, RFC 8441 section 4). */
function handshakeMistake({ request, transport }: LabPeer): string | undefined {
  if (transport.httpVersion === '2') {
    const protocol = pseudoHeaderOf(request, ':protocol');
    return protocol === 'websocket' ? undefined : `:protocol is ${JSON.stringify(protocol)}; accepted: websocket`;
  }
  const { headers } = request;
  if (headers.upgrade?.toLowerCase() !== 'websocket') {
    return `Upgrade is ${JSON.stringify(headers.upgrade)}; accepted: websocket`;
  }
  return headers['sec-websocket-key'] === undefined ? 'Sec-WebSocket-Key is missing' : undefined;
}

/** Answers a request that is not for a WebSocket. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const isRequest = request.url?.split('?')[0] === '/lab/request';
  response.writeHead(isRequest ? 200 : 426, {
    'Content-Type': 'application/json; charset=utf-8',
    'X-Content-Type-Options': 'nosniff',
    ...(isRequest ? {} : { Upgrade: 'websocket' }),
  });
  response.end(
    JSON.stringify(isRequest ? tellable(labRequestOf(request)) : { message: 'Connect with a WebSocket client.' }),
  );
}
