import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClientConnection } from '../connection/connect.js';
import { Latencies } from '../latencies.js';
import { Payloads } from '../payloads.js';
import { onceQuiet } from '../session/quiet-timer.js';
import { BenchConnection } from './bench-connection.js';
import type { BenchLoad, BenchResult } from './bench-result.js';

/** Sends messages on open connections, and measures the latency of their echoes. */
export class BenchRun {
  private readonly latencies = new Latencies();
  private readonly lateness = new Latencies();
  private readonly counts = { due: 0, sent: 0, echoed: 0, differed: 0 };
  private readonly lanes: readonly BenchConnection[];
  private readonly begin = performance.now();
  private readonly utilization = performance.eventLoopUtilization();
  private readonly allLost = new AbortController();
  private lostConnections = 0;
  private isSending = false;
  /** The state when the last message had been sent. */
  private atEnd = { duration: 0, echoed: 0, busy: 0 };
  private onEcho = (): void => {};

  constructor(
    private readonly connections: readonly ClientConnection[],
    private readonly load: BenchLoad,
  ) {
    const payloads = new Payloads(load.size, load.binary);
    const { latencies, lateness, counts } = this;
    this.lanes = connections.map(({ webSocket }) => {
      webSocket.on('close', () => {
        if (++this.lostConnections === connections.length) {
          this.allLost.abort();
        }
      });
      const onEcho = (lane: BenchConnection): void => this.echoed(lane);
      return new BenchConnection(webSocket, { ...load, payloads, latencies, lateness, counts, onEcho });
    });
  }

  /** The milliseconds since the start, and the number of echoes. */
  get progress(): { elapsed: number; echoed: number } {
    return { elapsed: performance.now() - this.begin, echoed: this.counts.echoed };
  }

  /** Sends for the duration of the load, or until the interrupt, or until all connections are lost. */
  async send(interrupt: AbortSignal): Promise<void> {
    const { rate, duration, inFlight } = this.load;
    const signal = AbortSignal.any([interrupt, this.allLost.signal]);
    this.isSending = true;
    if (rate === undefined) {
      this.lanes.forEach((lane) => {
        for (let index = 0; index < inFlight; index++) {
          lane.send(performance.now());
        }
      });
      await delay(duration, undefined, { signal }).catch(() => {});
    } else {
      let next = 0;
      await keepSchedule(rate, duration, signal, (dueAt) => this.lanes[next++ % this.lanes.length]?.send(dueAt));
    }
    this.isSending = false;
    const { elapsed, echoed } = this.progress;
    const busy = performance.eventLoopUtilization(this.utilization).utilization;
    this.atEnd = { duration: elapsed, echoed, busy };
  }

  /**
   * Waits for the missing echoes, because without the slowest ones the percentiles would be too low. It waits until the
   * quiet period has passed without an echo, and at most as long as messages were sent.
   *
   * @param interrupt ends the wait, unless it has already ended the sending
   */
  async settle(quietPeriod: number, interrupt: AbortSignal): Promise<void> {
    const allLost = this.allLost.signal;
    let stopWaiting = (): void => {};
    let deadline: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      const check = (): void => {
        if (allLost.aborted || this.counts.echoed === this.counts.due) {
          resolve();
        }
      };
      this.onEcho = check;
      allLost.addEventListener('abort', check);
      interrupt.addEventListener('abort', () => resolve());
      deadline = setTimeout(resolve, Math.max(quietPeriod, this.atEnd.duration));
      if (quietPeriod > 0) {
        stopWaiting = onceQuiet(() => this.counts.echoed, quietPeriod, resolve);
      }
      check();
    });
    clearTimeout(deadline);
    stopWaiting();
  }

  result(): BenchResult {
    const { connections, load, counts, lostConnections, latencies, lateness, atEnd } = this;
    return {
      load,
      url: connections[0]?.url.href ?? '',
      duration: atEnd.duration,
      sent: counts.sent,
      echoed: counts.echoed,
      perSecond: (atEnd.echoed * 1000) / atEnd.duration,
      unanswered: counts.sent - counts.echoed,
      unsent: counts.due - counts.sent,
      differed: counts.differed,
      lostConnections,
      latencies,
      lateness,
      busy: atEnd.busy,
    };
  }

  private echoed(lane: BenchConnection): void {
    // In a closed loop each echo releases a message.
    if (this.isSending && this.load.rate === undefined) {
      lane.send(performance.now());
    }
    this.onEcho();
  }
}

/**
 * Calls `send` at even intervals, however slow the echoes are. Timers are late by about a millisecond: the messages that
 * became due in the meantime are then sent at once, each with the time at which it was due.
 *
 * @param rate messages a second
 * @param duration in milliseconds
 * @param signal ends the schedule early
 */
export async function keepSchedule(
  rate: number,
  duration: number,
  signal: AbortSignal,
  send: (dueAt: number) => void,
): Promise<void> {
  const begin = performance.now();
  const total = Math.max(1, Math.floor((rate * duration) / 1000));
  const dueAt = (index: number): number => begin + (index * 1000) / rate;
  for (let index = 0; index < total && !signal.aborted;) {
    const now = performance.now();
    for (; index < total && dueAt(index) <= now; index++) {
      send(dueAt(index));
    }
    // After the last message it waits until the next would be due, so that the rate is right, but not beyond the duration.
    const wakeAt = Math.min(dueAt(index), begin + duration);
    await delay(Math.max(1, wakeAt - performance.now()), undefined, { signal }).catch(() => {});
  }
}
