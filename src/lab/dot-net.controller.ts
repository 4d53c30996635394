import { Controller, Get, Header, Inject, Req, Res, UseGuards } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { WebSockets, type WebSocketManager } from 'nest-raw-websockets';
import { Lab } from './lab.js';
import { LoopbackGuard } from './loopback-guard.js';
import { labRequestOf, queryOf, tellable } from './peer/lab-request.js';
import type { LabScript } from './script/parameters.js';

/** The largest message of .NET's test server, in bytes. */
const MAX_MESSAGE_SIZE = 128 * 1024;

const NOT_A_WEB_SOCKET = 'Not a websocket request';

/** The paths of .NET's own test server, as the WebSocket tests of dotnet/runtime use them. */
@ApiTags('WebSockets')
@Controller('WebSocket')
@UseGuards(LoopbackGuard)
export class DotNetController {
  constructor(@Inject(Lab) private readonly lab: Lab) {}

  @Get('EchoWebSocket.ashx')
  @Header('Content-Type', 'text/plain')
  @ApiOperation({
    summary: "Echo, and obey the commands of .NET's test server",
    description:
      'The query takes `subprotocol=`, `delay10sec`, `delay20sec`, `replyWithPartialMessages` and ' +
      '`replyWithEnhancedCloseMessage`.',
  })
  @ApiResponse({ status: 101, description: 'The WebSocket is open.' })
  @ApiResponse({ status: 200, description: NOT_A_WEB_SOCKET })
  echo(
    @WebSockets() webSockets: WebSocketManager,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string | undefined> {
    return this.follow(webSockets, request, reply);
  }

  @Get('EchoWebSocketHeaders.ashx')
  @Header('Content-Type', 'text/plain')
  @ApiOperation({
    summary: "Send the request's headers, as .NET's test server does",
    description:
      'The first message has a line `name:value` for each. Then it behaves like /WebSocket/EchoWebSocket.ashx.',
  })
  @ApiResponse({ status: 101, description: 'The WebSocket is open.' })
  @ApiResponse({ status: 200, description: NOT_A_WEB_SOCKET })
  headers(
    @WebSockets() webSockets: WebSocketManager,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string | undefined> {
    const { headers } = tellable(labRequestOf(request.raw));
    const lines = Object.entries(headers).map(([name, value]) => `${name}:${[value].flat().join(', ')}\r\n`);
    return this.follow(webSockets, request, reply, lines.join(''));
  }

  private async follow(
    webSockets: WebSocketManager,
    request: FastifyRequest,
    reply: FastifyReply,
    greeting?: string,
  ): Promise<string | undefined> {
    if (!webSockets.isWebSocketRequest) {
      return NOT_A_WEB_SOCKET;
    }
    const query = request.raw.url?.split('?')[1] ?? '';
    const subprotocol = webSockets.requestedProtocols.filter(
      (name) => name === queryOf({ url: request.raw.url ?? '/' }).get('subprotocol'),
    );
    const delay = query.includes('delay10sec') ? 10_000 : query.includes('delay20sec') ? 20_000 : undefined;
    const script: LabScript = { commands: true, subprotocol, 'handshake-delay': delay };
    await this.lab.follow(webSockets, reply, script, {
      partialReplies: query.includes('replyWithPartialMessages'),
      enhancedClose: query.includes('replyWithEnhancedCloseMessage'),
      maxMessageSize: MAX_MESSAGE_SIZE,
      greeting,
    });
    return undefined;
  }
}
