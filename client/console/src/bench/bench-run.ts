import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '../connection/connect.js';
import { Latencies } from '../latencies.js';
import { Payloads } from '../payloads.js';
import { onceQuiet } from '../session/quiet-timer.js';
import { BenchConnection } from './bench-connection.js';
import type { BenchLoad, BenchResult } from './bench-result.js';
import { keepSchedule } from './keep-schedule.js';

/** Sends messages on open connections, and measures how long their echoes take. */
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
  /** What there was when the last message had been sent. */
  private atEnd = { duration: 0, echoed: 0, busy: 0 };
  private onEcho = (): void => {};

  constructor(
    private readonly connections: readonly Connection[],
    private readonly load: BenchLoad,
  ) {
    const payloads = new Payloads(load.size, load.binary);
    const { latencies, lateness, counts } = this;
    this.lanes = connections.map(({ webSocket }) => {
      webSocket.on('close', () => {
        if (++this.lostConnections === connections.length) this.allLost.abort();
      });
      const onEcho = (lane: BenchConnection): void => this.echoed(lane);
      return new BenchConnection(webSocket, { ...load, payloads, latencies, lateness, counts, onEcho });
    });
  }

  /** Milliseconds since the beginning, and how many echoes came. */
  get progress(): { elapsed: number; echoed: number } {
    return { elapsed: performance.now() - this.begin, echoed: this.counts.echoed };
  }

  /** Sends for as long as the load says, or until it is interrupted, or no connection is left. */
  async send(interrupt: AbortSignal): Promise<void> {
    const { rate, duration, inFlight } = this.load;
    const signal = AbortSignal.any([interrupt, this.allLost.signal]);
    this.isSending = true;
    if (rate === undefined) {
      this.lanes.forEach((lane) => {
        for (let index = 0; index < inFlight; index++) lane.send(performance.now());
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
   * Waits for what is missing, because without the slowest messages the percentiles would be too good: until nothing has
   * come for the quiet period, and at most as long again as messages were sent.
   *
   * @param interrupt ends the waiting; one that has ended the sending already does not
   */
  async settle(quietPeriod: number, interrupt: AbortSignal): Promise<void> {
    const allLost = this.allLost.signal;
    let stopWaiting = (): void => {};
    let deadline: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      const check = (): void => {
        if (allLost.aborted || this.counts.echoed === this.counts.due) resolve();
      };
      this.onEcho = check;
      allLost.addEventListener('abort', check);
      interrupt.addEventListener('abort', () => resolve());
      deadline = setTimeout(resolve, Math.max(quietPeriod, this.atEnd.duration));
      if (quietPeriod > 0) stopWaiting = onceQuiet(() => this.counts.echoed, quietPeriod, resolve);
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
    // In a closed loop each echo makes room for a message.
    if (this.isSending && this.load.rate === undefined) lane.send(performance.now());
    this.onEcho();
  }
}
