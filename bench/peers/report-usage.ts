import type { Usage } from '../server.js';

/*
 * Loaded into each Node.js server with `--import`, so that the server itself is not changed. It collects garbage when it is
 * asked to, and reports its own usage where there is no /proc.
 */

process.on('message', (isCollecting: boolean) => {
  if (isCollecting) {
    globalThis.gc?.();
  }
  const { user, system } = process.cpuUsage();
  const usage: Usage = {
    time: performance.now(),
    cpu: (user + system) / 1000,
    memory: process.memoryUsage.rss(),
    peakMemory: process.resourceUsage().maxRSS * 1024,
  };
  process.send?.(usage);
});
process.on('disconnect', () => process.exit());
