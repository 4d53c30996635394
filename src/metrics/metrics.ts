import { Counter, Gauge, prometheusContentType, Registry } from 'prom-client';

/** What a figure is now. It is asked when somebody looks, so that keeping figures costs nothing. */
export type Reading = () => number | Promise<number>;

/** The figures of one application; several applications may run in one process. */
export class Metrics {
  /** What `text` is. */
  static readonly contentType: string = prometheusContentType;

  private readonly registry = new Registry();

  /** Adds a figure that only grows. Its name ends in `_total`, by the convention of Prometheus. */
  counter(name: string, help: string, read: Reading): void {
    const counter = new Counter({
      name,
      help,
      registers: [],
      async collect() {
        const value = await read();
        counter.reset();
        counter.inc(value);
      },
    });
    this.registry.registerMetric(counter);
  }

  /** Adds a figure that goes up and down. */
  gauge(name: string, help: string, read: Reading): void {
    const gauge = new Gauge({
      name,
      help,
      registers: [],
      async collect() {
        gauge.set(await read());
      },
    });
    this.registry.registerMetric(gauge);
  }

  /** All figures, in Prometheus' text format. */
  text(): Promise<string> {
    return this.registry.metrics();
  }
}
