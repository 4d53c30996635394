import { create, describe, element, setText } from '../dom.js';
import { countOf } from '../log/preview.js';
import { durationText, sizeText } from '../log/units.js';
import type { Session } from '../session/session.js';
import { SHOWN_SECONDS } from './throughput.js';

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 600;
const HEIGHT = 180;

/** The number of round-trip times in the plot. */
const SHOWN_ROUND_TRIPS = 500;

/** The minimum interval between updates, in milliseconds: numbers are not readable at a higher rate. */
const INTERVAL = 250;

/** Round-trip times and throughput as numbers and plots. */
export class LatencyView {
  private readonly figures = element('latencyFigures', HTMLElement);
  private readonly roundTrips = element('roundTripPlot', SVGSVGElement);
  private readonly roundTripAxis = element('roundTripAxis', HTMLElement);
  private readonly histogram = element('histogram', HTMLElement);
  private readonly throughput = element('throughputPlot', SVGSVGElement);
  private readonly throughputAxis = element('throughputAxis', HTMLElement);
  private drawnAt = -INTERVAL;

  /** Draws the statistics of a session, unless they were drawn a moment ago. */
  render(session: Session, now: number, force = false): void {
    if (!force && now - this.drawnAt < INTERVAL) {
      return;
    }
    this.drawnAt = now;
    this.drawFigures(session);
    this.drawRoundTrips(session);
    this.drawHistogram(session);
    this.drawThroughput(session, now);
  }

  private drawFigures({ roundTrips }: Session): void {
    const summary = roundTrips.summary();
    describe(
      this.figures,
      summary
        ? [
            ['Round trips', new Intl.NumberFormat('en').format(roundTrips.total)],
            ['Shortest', durationText(summary.min)],
            ['Median', durationText(summary.median)],
            ['p99', durationText(summary.p99)],
            ['Longest', durationText(summary.max)],
          ]
        : [['Round trips', 'none yet: send a message that is echoed']],
    );
  }

  private drawRoundTrips({ roundTrips }: Session): void {
    const times = roundTrips.latest(SHOWN_ROUND_TRIPS);
    const top = Math.max(...times, 0.1) * 1.1;
    const step = WIDTH / Math.max(1, SHOWN_ROUND_TRIPS - 1);
    const y = (time: number): number => HEIGHT - (time / top) * HEIGHT;
    const median = roundTrips.summary()?.median;
    this.roundTrips.replaceChildren(
      ...(median === undefined
        ? []
        : [line('median', [`0,${y(median).toFixed(1)}`, `${WIDTH},${y(median).toFixed(1)}`])]),
      line(
        'plot-line',
        times.map((time, index) => `${(index * step).toFixed(1)},${y(time).toFixed(1)}`),
      ),
    );
    setText(this.roundTripAxis, times.length === 0 ? '' : `Top: ${durationText(top)}. The dashed line is the median.`);
  }

  private drawHistogram({ roundTrips }: Session): void {
    const bars = roundTrips.histogram();
    const most = Math.max(...bars.map(({ count }) => count), 1);
    this.histogram.replaceChildren(
      ...bars.map(({ from, to, count }) => {
        const bar = create('span', 'bar');
        bar.style.inlineSize = `${(count / most) * 100}%`;
        return create(
          'div',
          'bar-row',
          create('span', 'bar-label', `${from}–${to} ms`),
          create('span', 'bar-track', bar),
          create('span', 'bar-count', new Intl.NumberFormat('en').format(count)),
        );
      }),
    );
  }

  private drawThroughput({ throughput }: Session, now: number): void {
    const client = throughput.rates('Client', now);
    const server = throughput.rates('Server', now);
    const top = Math.max(...[...client, ...server].map(({ messages }) => messages), 1);
    const step = WIDTH / (SHOWN_SECONDS - 1);
    const points = (rates: readonly { messages: number }[]): string[] =>
      rates.map(
        ({ messages }, index) =>
          `${(index * step).toFixed(1)},${(HEIGHT - (messages / top) * (HEIGHT - 6) - 3).toFixed(1)}`,
      );
    this.throughput.replaceChildren(line('plot-client', points(client)), line('plot-server', points(server)));
    const last = [client.at(-1), server.at(-1)] as const;
    const text = (name: string, rate: (typeof last)[number]): string =>
      `${name}: ${countOf(rate?.messages ?? 0, 'message')}, ${sizeText(rate?.bytes ?? 0)} in the last second`;
    setText(
      this.throughputAxis,
      `Top: ${countOf(top, 'message')}. ${text('Client', last[0])}. ${text('Server', last[1])}.`,
    );
  }
}

function line(className: string, points: readonly string[]): SVGPolylineElement {
  const polyline = document.createElementNS(SVG, 'polyline');
  polyline.setAttribute('class', className);
  polyline.setAttribute('points', points.join(' '));
  return polyline;
}
