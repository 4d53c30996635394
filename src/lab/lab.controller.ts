import {
  applyDecorators,
  Controller,
  Get,
  Header,
  Inject,
  NotFoundException,
  Param,
  Req,
  Res,
  UseGuards,
} from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { WebSockets, type WebSocketManager } from 'nest-raw-websockets';
import { LAB_OPTIONS, type LabOptions } from './lab-options.js';
import { LAB_PAGE_SCRIPT, LAB_PAGE_STYLE, labPage } from './lab-page.js';
import { labRequestOf, tellable, type LabRequest } from './peer/lab-request.js';
import type { ClientClose } from './script/lab-sessions.js';
import { Lab } from './lab.js';
import { LoopbackGuard } from './loopback-guard.js';
import { LAB_PARAMETER_NAMES, labParameter } from './script/parameters.js';

/** Adds every parameter of the table to the OpenAPI document. */
function ApiLabParameters(): MethodDecorator {
  return applyDecorators(
    ...LAB_PARAMETER_NAMES.map((name) => {
      const { description, accepted, example, words, rfc, isRepeatable = false } = labParameter(name);
      const schema = { type: 'string' as const, ...(words === undefined ? {} : { enum: [...words] }) };
      return ApiQuery({
        name,
        required: false,
        description: `${description}. Accepted: ${accepted}.${rfc === undefined ? '' : ` ${rfc}.`}`,
        schema: isRepeatable ? { type: 'array', items: schema } : schema,
        example: isRepeatable ? [example] : example,
      });
    }),
  );
}

/** A server that misbehaves as the URL says. */
@ApiTags('WebSockets')
@Controller('lab')
@UseGuards(LoopbackGuard)
export class LabController {
  constructor(
    @Inject(Lab) private readonly lab: Lab,
    @Inject(LAB_OPTIONS) private readonly options: LabOptions,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'Misbehave as the query says',
    description:
      'The parameters combine, and are applied in the order of the list. Without parameters messages are echoed. A GET ' +
      'request that is not a handshake gets a page that lists them.',
  })
  @ApiLabParameters()
  @ApiResponse({ status: 101, description: 'The WebSocket is open.' })
  @ApiResponse({ status: 200, description: 'The page.', content: { 'text/html': {} } })
  @ApiResponse({ status: 400, description: 'A parameter is wrong. The message names it and says what is accepted.' })
  async open(
    @WebSockets() webSockets: WebSocketManager,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string | undefined> {
    const script = this.lab.scriptOf(request.raw, webSockets.isWebSocketRequest);
    if (webSockets.isWebSocketRequest) {
      await this.lab.follow(webSockets, reply, script);
      return undefined;
    }
    reply.headers(this.options.pageHeaders).type('text/html; charset=utf-8');
    return labPage(`${request.protocol === 'https' ? 'wss' : 'ws'}://${request.host}`);
  }

  @Get('page.js')
  @Header('Content-Type', 'text/javascript; charset=utf-8')
  pageScript(@Res({ passthrough: true }) reply: FastifyReply): string {
    reply.headers(this.options.pageHeaders);
    return LAB_PAGE_SCRIPT;
  }

  @Get('page.css')
  @Header('Content-Type', 'text/css; charset=utf-8')
  pageStyle(@Res({ passthrough: true }) reply: FastifyReply): string {
    reply.headers(this.options.pageHeaders);
    return LAB_PAGE_STYLE;
  }

  @Get('request')
  @Header('X-Content-Type-Options', 'nosniff')
  @ApiOperation({
    summary: 'Tell the request as received',
    description:
      'As JSON: in the response to a GET request, in the first message of a WebSocket, which echoes then. A page of ' +
      'another origin is not told cookies and credentials.',
  })
  @ApiResponse({ status: 101, description: 'The WebSocket is open.' })
  @ApiResponse({ status: 200, description: 'Method, URL, headers, cookies, address, HTTP version and TLS.' })
  async request(
    @WebSockets() webSockets: WebSocketManager,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<LabRequest | undefined> {
    if (webSockets.isWebSocketRequest) {
      await this.lab.follow(webSockets, reply, { tell: 'request' });
      return undefined;
    }
    return tellable({ ...labRequestOf(request.raw), remoteAddress: request.ip });
  }

  @Get('connections')
  @Header('X-Content-Type-Options', 'nosniff')
  @ApiOperation({ summary: 'Tell how many connections the lab has', description: 'As JSON, like /lab/request.' })
  @ApiResponse({ status: 101, description: 'The WebSocket is open.' })
  @ApiResponse({ status: 200, description: 'The number.' })
  async connections(
    @WebSockets() webSockets: WebSocketManager,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ connections: number } | undefined> {
    if (webSockets.isWebSocketRequest) {
      await this.lab.follow(webSockets, reply, { tell: 'connections' });
      return undefined;
    }
    return { connections: this.lab.sessions.size };
  }

  @Get('closes/:id')
  @Header('X-Content-Type-Options', 'nosniff')
  @ApiOperation({
    summary: 'Tell how the client of a connection closed',
    description:
      'The last connection that had this `id` and was closed by its client or ended. The lab remembers 1000 of them.',
  })
  closeOf(@Param('id') id: string): ClientClose {
    const close = this.lab.sessions.closeOf(id);
    if (close === undefined) {
      throw new NotFoundException('No connection with this id has ended.');
    }
    return close;
  }
}
