import { AggregatorRegistry, Counter, Gauge, prometheusContentType, Registry, type Aggregator } from 'prom-client';

/** Returns the current value of a metric. It is called when the metrics are collected, so that counting costs nothing. */
export type Reading = () => number | Promise<number>;

/** The metrics of one application. Several applications may run in one process. */
export class Metrics {
  /** The content type of `text`. */
  static readonly contentType: string = prometheusContentType;

  /** For metrics of prom-client that do more than read a value. */
  readonly registry = new Registry();

  /** @param gather collects the `values` of all processes that serve the same addresses, this one included */
  constructor(private readonly gather?: () => Promise<readonly (readonly object[])[]>) {}

  /** Adds a metric that only grows. By the convention of Prometheus its name ends in `_total`. */
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

  /**
   * Adds a metric that rises and falls.
   *
   * @param aggregator how the values of several processes are combined
   */
  gauge(name: string, help: string, read: Reading, aggregator: Aggregator = 'sum'): void {
    const gauge = new Gauge({
      name,
      help,
      aggregator,
      registers: [],
      async collect() {
        gauge.set(await read());
      },
    });
    this.registry.registerMetric(gauge);
  }

  /**
   * All metrics in the text format of Prometheus, those of several processes together.
   *
   * @throws the errors of `gather`
   */
  async text(): Promise<string> {
    const registry = this.gather ? AggregatorRegistry.aggregate([...(await this.gather())]) : this.registry;
    return registry.metrics();
  }

  /** The metrics of this process alone, as JSON. */
  values(): Promise<readonly object[]> {
    return this.registry.getMetricsAsJSON();
  }
}
