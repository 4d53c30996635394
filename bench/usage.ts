import { readFileSync } from 'node:fs';

/** What a process has used so far. */
export interface Usage {
  /** When this was, in ms of a clock that never jumps. */
  readonly time: number;
  /** CPU time of all its threads, user and system, in ms. */
  readonly cpu: number;
  /** Resident memory now, in bytes. */
  readonly memory: number;
  /** The most resident memory so far, in bytes. */
  readonly peakMemory: number;
}

/** What this process has used. */
export function usage(): Usage {
  const { user, system } = process.cpuUsage();
  return {
    time: performance.now(),
    cpu: (user + system) / 1000,
    memory: process.memoryUsage.rss(),
    peakMemory: peakMemory(),
  };
}

function peakMemory(): number {
  if (process.platform === 'linux') {
    // getrusage(2) would let a process inherit the peak of its parent.
    const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    return Number(kibibytes) * 1024;
  }
  return process.resourceUsage().maxRSS * 1024;
}
