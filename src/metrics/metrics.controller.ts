import { Controller, Get, Header, Inject } from '@nestjs/common';
import { Metrics } from './metrics.js';

/** The figures, for Prometheus. */
@Controller('metrics')
export class MetricsController {
  constructor(@Inject(Metrics) private readonly metrics: Metrics) {}

  @Get()
  @Header('Content-Type', Metrics.contentType)
  @Header('Cache-Control', 'no-store')
  get(): Promise<string> {
    return this.metrics.text();
  }
}
