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
  ['nodejs_eventloop_active_seconds_total', 'Time that the event loop worked.', () => eventLoop().active / 1e3],
  ['nodejs_eventloop_idle_seconds_total', 'Time that the event loop waited for events.', () => eventLoop().idle / 1e3],
];

const gauges: readonly Figure[] = [
  ['process_start_time_seconds', 'When the process started, since 1970.', () => performance.timeOrigin / 1e3],
  ['process_resident_memory_bytes', 'Memory that the process has.', () => memory().rss],
  ['nodejs_heap_size_total_bytes', 'Size of the JavaScript heap.', () => memory().heapTotal],
  ['nodejs_heap_size_used_bytes', 'How much of the heap is used.', () => memory().heapUsed],
  ['nodejs_external_memory_bytes', 'Memory outside of the heap, such as that of buffers.', () => memory().external],
];

/** Where Linux lists the open files of a process. */
const OPEN_FILES = '/proc/self/fd';

/**
 * Figures of the process, by the names that dashboards know. prom-client can collect more, but leaves a timer and an
 * observer behind for each application that has been closed.
 */
@Injectable()
export class ProcessMetrics {
  constructor(@Inject(Metrics) metrics: Metrics) {
    counters.forEach(([name, help, read]) => metrics.counter(name, help, read));
    gauges.forEach(([name, help, read]) => metrics.gauge(name, help, read));
    if (existsSync(OPEN_FILES)) {
      metrics.gauge('process_open_fds', 'Open files and sockets.', async () => (await readdir(OPEN_FILES)).length);
    }
  }
}
