import { Controller, Get, Header, Inject, ServiceUnavailableException } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import { Metrics } from './metrics.js';

/** Serves the metrics to Prometheus. */
@Controller('metrics')
export class MetricsController {
  constructor(@Inject(Metrics) private readonly metrics: Metrics) {}

  @Get()
  @ApiOperation({ summary: 'The metrics of the server, for Prometheus' })
  @ApiResponse({ status: 200, description: 'The metrics.', content: { 'text/plain': {} } })
  @ApiResponse({ status: 503, description: 'A process of the server does not answer.' })
  @Header('Content-Type', Metrics.contentType)
  @Header('Cache-Control', 'no-store')
  get(): Promise<string> {
    return this.metrics.text().catch((error: Error) => {
      throw new ServiceUnavailableException(error.message);
    });
  }
}
