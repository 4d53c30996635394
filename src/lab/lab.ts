import {
  BadRequestException,
  Inject,
  Injectable,
  ServiceUnavailableException,
  type OnModuleDestroy,
} from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { FastifyReply } from 'fastify';
import type { TakenOverHandshake, WebSocketManager } from 'nest-raw-websockets';
import { LAB_OPTIONS, type LabOptions } from './lab-options.js';
import { LabPeer } from './peer/lab-peer.js';
import { labRequestOf, queryOf, type LabRequest } from './peer/lab-request.js';
import { LabSessions } from './script/lab-sessions.js';
import { Http1Transport, Http2Transport } from './peer/lab-transport.js';
import type { LabScript } from './script/parameters.js';
import { readScript, ScriptError } from './script/read-script.js';
import { ScriptRun, type DotNetVariations } from './script/script-run.js';

/** Takes over the handshakes of WebSockets, and follows their scripts. */
@Injectable()
export class Lab implements OnModuleDestroy {
  readonly sessions = new LabSessions();
  /** The connections, and the handshakes that are being taken over. */
  private placesTaken = 0;

  constructor(@Inject(LAB_OPTIONS) private readonly options: LabOptions) {}

  /**
   * Reads the script in the query of a request, a handshake or not.
   *
   * @throws BadRequestException that names every parameter at fault
   */
  scriptOf(request: IncomingMessage, isHandshake: boolean): LabScript {
    const seen = labRequestOf(request);
    try {
      return readScript(queryOf(seen), this.options, isHandshake ? seen : undefined);
    } catch (error) {
      throw error instanceof ScriptError ? new BadRequestException(error.message) : error;
    }
  }

  /**
   * Takes over a handshake, and starts its script. It does not wait for the end of the connection.
   *
   * @throws ServiceUnavailableException if there are `maxConnections`
   * @throws the errors of `takeOver()`
   */
  async follow(
    webSockets: WebSocketManager,
    reply: FastifyReply,
    script: LabScript,
    dotNet?: DotNetVariations,
  ): Promise<void> {
    const { maxConnections } = this.options;
    if (this.placesTaken >= maxConnections) {
      reply.header('Retry-After', '5');
      throw new ServiceUnavailableException(
        `LAB_MAX_CONNECTIONS is ${maxConnections}, and the lab has that many connections. Try again later.`,
      );
    }
    this.placesTaken += 1;
    try {
      const handshake = await webSockets.takeOver();
      const peer = new LabPeer(seenRequest(handshake), transportOf(handshake), this.options);
      void peer.ended.then(() => this.leavePlace());
      void new ScriptRun(peer, script, this.sessions, dotNet).run();
    } catch (error) {
      this.leavePlace();
      throw error;
    }
  }

  /** Does not wait: a connection that does not end is cut like every other, at SHUTDOWN_TIMEOUT. */
  onModuleDestroy(): void {
    this.sessions.end();
  }

  private leavePlace(): void {
    this.placesTaken -= 1;
  }
}

/** The request, with the client's address as trusted proxies report it. */
function seenRequest({ request, remoteAddress }: TakenOverHandshake): LabRequest {
  return { ...labRequestOf(request), remoteAddress };
}

function transportOf({ httpVersion, stream }: TakenOverHandshake): Http1Transport | Http2Transport {
  return httpVersion === '2' ? new Http2Transport(stream as ServerHttp2Stream) : new Http1Transport(stream);
}
