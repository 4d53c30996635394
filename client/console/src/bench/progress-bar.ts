import { Presets, SingleBar } from 'cli-progress';

/** A bar on stderr that grows with the time, and the number of echoes so far. Where stderr is no terminal there is none. */
export class ProgressBar {
  private readonly bar = new SingleBar(
    {
      format: '{bar} {percentage}% | {elapsedSeconds} of {seconds} s | {echoed} echoes',
      stream: process.stderr,
      clearOnComplete: true,
      // Whoever is interrupted would have to find it again.
      hideCursor: false,
    },
    Presets.shades_classic,
  );
  private readonly timer: NodeJS.Timeout;

  /** @param progress milliseconds since the beginning, and echoes */
  constructor(duration: number, progress: () => { elapsed: number; echoed: number }) {
    const draw = (): void => {
      const { elapsed, echoed } = progress();
      const elapsedSeconds = (Math.min(elapsed, duration) / 1000).toFixed(0);
      this.bar.update(Math.min(elapsed, duration), { elapsedSeconds, echoed });
    };
    this.bar.start(duration, 0, { elapsedSeconds: 0, seconds: duration / 1000, echoed: 0 });
    this.timer = setInterval(draw, 100);
  }

  /** Takes it away again. */
  stop(): void {
    clearInterval(this.timer);
    this.bar.stop();
  }
}
