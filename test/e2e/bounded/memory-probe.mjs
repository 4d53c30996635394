// Loaded into a server's process by a test, which asks it over the process channel how much memory it takes.
import { memoryUsage } from 'node:process';

// What the operating system has as the most is no good: a process begins with that of the one that started it.
let most = 0;
const look = () => (most = Math.max(most, memoryUsage.rss()));
setInterval(look, 5).unref();

process.on('message', () => {
  look();
  globalThis.gc?.();
  process.send?.({ now: memoryUsage.rss(), most });
});
