import { readFileSync } from 'node:fs';
import { arch, cpus, release, totalmem, type } from 'node:os';
import { pinning } from './pinning.js';
import type { Usage } from './usage.js';

/** Where a benchmark ran. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  /** In bytes. */
  readonly memory: number;
  readonly system: string;
  readonly pinning: string;
  readonly node: string;
  /** By the name of the package. */
  readonly versions: Readonly<Record<string, string>>;
}

const packages = ['ws', 'bufferutil', '@nestjs/core', '@nestjs/platform-ws', '@nestjs/platform-express'];

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memory: totalmem(),
    system: `${type()} ${release()} ${arch()}`,
    pinning,
    node: process.version,
    versions: Object.fromEntries(packages.map((name) => [name, versionOf(name)])),
  };
}

/** CPU time that everything on the machine has used so far. */
export function busyTime(): Pick<Usage, 'time' | 'cpu'> {
  const busy = cpus().map(({ times: { user, nice, sys, irq } }) => user + nice + sys + irq);
  return { time: performance.now(), cpu: busy.reduce((sum, time) => sum + time, 0) };
}

/** How many files, and so connections, a process may have open. */
export function openFileLimit(): number {
  const report = process.report?.getReport() as { userLimits?: { open_files?: { soft?: number | 'unlimited' } } };
  const limit = report.userLimits?.open_files?.soft;
  return typeof limit === 'number' ? limit : Infinity;
}

function versionOf(packageName: string): string {
  try {
    // Some packages do not export their package.json.
    const path = new URL(`../../node_modules/${packageName}/package.json`, import.meta.url);
    const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string };
    return version;
  } catch {
    return 'not installed';
  }
}
