import { Controller, Get, Header, HttpStatus, Inject, Res } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { WebSocketConnections } from 'nest-raw-websockets';

/** What the server uses but can go on without: by name, whether it is reached. */
export type Dependencies = Readonly<Record<string, () => boolean>>;

/** The injection token of the `Dependencies`. */
export const DEPENDENCIES = Symbol('Dependencies');

/** The answer of each endpoint: the state of the server, and `up` or `down` for each dependency. */
type Health = { readonly status: 'ok' | 'starting' | 'draining' } & Readonly<Record<string, string>>;

interface Reply {
  status(code: number): unknown;
}

const NOT_CACHED = ['Cache-Control', 'no-store'] as const;

/** Tells orchestrators and load balancers how the server is. A dependency that is down is told, and changes no status. */
@ApiTags('Health')
@Controller('health')
export class HealthController {
  constructor(
    @Inject(WebSocketConnections) private readonly connections: WebSocketConnections,
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
    @Inject(DEPENDENCIES) private readonly dependencies: Dependencies,
  ) {}

  @Get('live')
  @ApiOperation({ summary: 'Whether the process is alive: restart it where this gets no 200' })
  @ApiResponse({ status: 200, description: 'It is alive, also while it shuts down.' })
  @Header(...NOT_CACHED)
  live(): Health {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiOperation({ summary: 'Whether the server takes new connections: send it none where this gets no 200' })
  @ApiResponse({ status: 200, description: 'It takes connections.' })
  @ApiResponse({ status: 503, description: 'It starts or shuts down.' })
  @Header(...NOT_CACHED)
  ready(@Res({ passthrough: true }) reply: Reply): Health {
    return this.answer(reply, this.connections.isDraining ? 'draining' : this.startStatus);
  }

  @Get('startup')
  @ApiOperation({ summary: 'Whether the server listens on all its addresses' })
  @ApiResponse({ status: 200, description: 'It does.' })
  @ApiResponse({ status: 503, description: 'It starts.' })
  @Header(...NOT_CACHED)
  startup(@Res({ passthrough: true }) reply: Reply): Health {
    return this.answer(reply, this.startStatus);
  }

  private get startStatus(): 'ok' | 'starting' {
    return this.adapterHost.listening ? 'ok' : 'starting';
  }

  private answer(reply: Reply, status: Health['status']): Health {
    reply.status(status === 'ok' ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE);
    const dependencies = Object.entries(this.dependencies).map(([name, isUp]) => [name, isUp() ? 'up' : 'down']);
    return { status, ...(Object.fromEntries(dependencies) as Record<string, string>) };
  }
}
