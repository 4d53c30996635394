import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { Inject, Injectable } from '@nestjs/common';
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

/** Where Linux lists the open files of a process. */
const OPEN_FILES = '/proc/self/fd';

/**
 * Metrics of the process, with the names that dashboards expect. The default metrics of prom-client are not used, because
 * they leave a timer and an observer behind for each closed application.
 */
@Injectable()
export class ProcessMetrics {
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
    }
  }
}
