import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Metrics, type Reading } from './metrics.js';

type Figure = readonly [name: string, help: string, read: Reading];

const cpu = (): NodeJS.CpuUsage => process.cpuUsage();
const memory = (): NodeJS.MemoryUsage => process.memoryUsage();
const eventLoop = (): { active: number; idle: number } => performance.eventLoopUtilization();

const counters: readonly Figure[] = [
  ['process_cpu_user_seconds_total', 'User CPU time.', () => cpu().user / 1e6],
  ['process_cpu_system_seconds_total', 'System CPU time.', () => cpu().system / 1e6],
  ['process_cpu_seconds_total', 'User and system CPU time.', () => (cpu().user + cpu().system) / 1e6],
  ['nodejs_eventloop_active_seconds_total', 'Time in which the event loop was active.', () => eventLoop().active / 1e3],
  ['nodejs_eventloop_idle_seconds_total', 'Time in which the event loop was idle.', () => eventLoop().idle / 1e3],
];

const gauges: readonly Figure[] = [
  ['process_resident_memory_bytes', 'Resident memory of the process.', () => memory().rss],
  ['nodejs_heap_size_total_bytes', 'Size of the JavaScript heap.', () => memory().heapTotal],
  ['nodejs_heap_size_used_bytes', 'Used size of the JavaScript heap.', () => memory().heapUsed],
  ['nodejs_external_memory_bytes', 'Memory outside the heap, such as that of buffers.', () => memory().external],
];

/** Where Linux lists the open files of a process, and says how many it may have. */
const OPEN_FILES = '/proc/self/fd';
const LIMITS = '/proc/self/limits';

/** How often the lag of the event loop is measured, in ms. */
const LAG_RESOLUTION = 20;

/**
 * Metrics of the process, with the names that dashboards expect. The default metrics of prom-client are not used, because
 * they leave a timer and an observer behind for each closed application.
 */
@Injectable()
export class ProcessMetrics implements OnApplicationShutdown {
  private readonly lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION });

  constructor(@Inject(Metrics) metrics: Metrics) {
    counters.forEach(([name, help, read]) => metrics.counter(name, help, read));
    metrics.gauge(
      'process_start_time_seconds',
      'Start time of the process, in seconds since 1970.',
      () => performance.timeOrigin / 1e3,
      'min',
    );
    gauges.forEach(([name, help, read]) => metrics.gauge(name, help, read));
    if (existsSync(OPEN_FILES)) {
      metrics.gauge('process_open_fds', 'Open files and sockets.', async () => (await readdir(OPEN_FILES)).length);
      const maxFiles = Number(/^Max open files +(\d+)/m.exec(readFileSync(LIMITS, 'utf8'))?.[1] ?? Infinity);
      metrics.gauge('process_max_fds', 'How many files and sockets may be open.', () => maxFiles);
    }
    this.addLag(metrics);
    this.lag.enable();
  }

  onApplicationShutdown(): void {
    this.lag.disable();
  }

  private addLag(metrics: Metrics): void {
    const { lag } = this;
    // Node.js measures the time between two timers, so the lag is what exceeds the resolution.
    const seconds = (nanoseconds: number): number =>
      lag.count === 0 ? 0 : Math.max(0, nanoseconds / 1e6 - LAG_RESOLUTION) / 1e3;
    const since = 'since the last collection';
    metrics.gauge(
      'nodejs_eventloop_lag_p50_seconds',
      `Median of the event loop's lag ${since}.`,
      () => seconds(lag.percentile(50)),
      'average',
    );
    metrics.gauge(
      'nodejs_eventloop_lag_p99_seconds',
      `99th percentile of the event loop's lag ${since}.`,
      () => seconds(lag.percentile(99)),
      'max',
    );
    metrics.gauge(
      'nodejs_eventloop_lag_max_seconds',
      `Longest lag of the event loop ${since}.`,
      () => {
        const longest = seconds(lag.max);
        lag.reset(); // metrics are read in the order in which they were added, and this is the last of the three
        return longest;
      },
      'max',
    );
  }
}
