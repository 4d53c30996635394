// Loaded into the server (--import): reports the memory and the handles of its process.
import { readdirSync } from 'node:fs';

/** The open files and sockets; Linux lists them. */
function countFiles() {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
}

function countOf(items) {
  return items.reduce((counts, item) => ({ ...counts, [item]: (counts[item] ?? 0) + 1 }), {});
}

async function answer() {
  for (let i = 0; i < 4; i++) {
    await new Promise(setImmediate); // the next collection frees objects that wait for finalizers
    globalThis.gc();
  }
  const { heapUsed: heap, external } = process.memoryUsage();
  const listeners = process.eventNames().map((name) => [`listeners of ${String(name)}`, process.listenerCount(name)]);
  process.send({
    heap,
    external,
    // Sockets, servers, timers and pending requests, among others.
    counts: { ...countOf(process.getActiveResourcesInfo()), files: countFiles(), ...Object.fromEntries(listeners) },
  });
}

process.on('message', () => void answer());
// The channel alone must not keep the server running.
process.channel.unref();
