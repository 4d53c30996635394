import { Controller, Get, Inject, Param, Res } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Watches } from './watches.js';

const HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  // nginx passes each event on at once.
  'X-Accel-Buffering': 'no',
};

/** Serves the diagnostics stream, which shows a client the server's view of its WebSocket. */
@ApiTags('Diagnostics')
@Controller('diagnostics')
export class DiagnosticsController {
  constructor(@Inject(Watches) private readonly watches: Watches) {}

  @Get(':id')
  @ApiOperation({
    summary: "The server's view of one WebSocket",
    description:
      'Server-Sent Events. The client chooses a random id, opens this stream, and then opens its WebSocket with ' +
      '`?diagnostics=<id>`. The events are the handshake as it arrived, each frame, pings and pauses, and the close.',
  })
  @ApiParam({ name: 'id', description: '128 random bits as 32 hexadecimal digits.' })
  @ApiResponse({ status: 200, description: 'The events.', content: { 'text/event-stream': {} } })
  @ApiResponse({ status: 400, description: 'The id is not 32 hexadecimal digits.' })
  @ApiResponse({ status: 503, description: 'There are too many streams, or the server is shutting down.' })
  watch(@Param('id') id: string, @Res() reply: FastifyReply): void {
    const events = this.watches.open(id, () => reply.raw.destroy());
    reply.raw.once('close', () => events.release());
    reply.headers(HEADERS).send(events);
  }
}
