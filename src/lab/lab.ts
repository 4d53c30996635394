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
   * Takes over a handshake. The method does not wait for the end of the connection.
   *
   * @throws ServiceUnavailableException when the lab has its maximum of connections, or shuts down
   */
  async follow(
    webSockets: WebSocketManager,
    reply: FastifyReply,
    script: LabScript,
    dotNet?: DotNetVariations,
  ): Promise<void> {
    const { sessions, options } = this;
    if (sessions.isEnding || sessions.size >= options.maxConnections) {
      reply.header('Retry-After', '5');
      throw new ServiceUnavailableException(
        `The lab has ${options.maxConnections} connections, which is LAB_MAX_CONNECTIONS.`,
      );
    }
    const handshake = await webSockets.takeOver();
    const peer = new LabPeer(seenRequest(handshake), transportOf(handshake), options);
    void new ScriptRun(peer, script, sessions, dotNet).run();
  }

  /** Without it the connections would delay the shutdown for as long as their scripts last. */
  async onModuleDestroy(): Promise<void> {
    await this.sessions.end();
  }
}

/** The request, with the address that trusted proxies tell. */
function seenRequest({ request, remoteAddress }: TakenOverHandshake): LabRequest {
  return { ...labRequestOf(request), remoteAddress };
}

function transportOf({ httpVersion, stream }: TakenOverHandshake): Http1Transport | Http2Transport {
  return httpVersion === '2' ? new Http2Transport(stream as ServerHttp2Stream) : new Http1Transport(stream);
}
