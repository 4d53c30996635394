import { KEPT_EVENTS, ServerWatch, type EventStream } from '../../../../client/page/server-view/server-watch.js';

/** A stream whose events the test controls. */
class ControlledStream implements EventStream {
  readyState = 0;
  isClosed = false;
  private readonly listeners = new Map<string, (event: { data?: unknown }) => void>();

  addEventListener(kind: string, listener: (event: { data?: unknown }) => void): void {
    this.listeners.set(kind, listener);
  }

  close(): void {
    this.isClosed = true;
  }

  cause(kind: string, data?: object): void {
    this.listeners.get(kind)?.({ data: JSON.stringify(data) });
  }
}

describe('The diagnostics stream', () => {
  let streams: ControlledStream[];
  let paths: string[];
  let watch: ServerWatch;

  beforeEach(() => {
    streams = [];
    paths = [];
    watch = new ServerWatch(
      (path) => {
        const stream = new ControlledStream();
        streams.push(stream);
        paths.push(path);
        return stream;
      },
      () => {},
    );
  });

  it.each([
    ['open', 'open', 1, 'open'],
    ['absent', 'error', 2, 'absent'],
    ['unreachable', 'error', 0, 'unreachable'],
  ])('is %s', async (_what, event, readyState, expected) => {
    const result = watch.open('id');
    Object.assign(streams[0] ?? {}, { readyState });
    streams[0]?.cause(event);

    await expect(result).resolves.toBe(expected);
    expect(paths).toEqual(['/diagnostics/id']);
    watch.close();
  });

  it('closes after the refusal of a handshake', async () => {
    const result = watch.open('id');
    streams[0]?.cause('open');
    await result;
    streams[0]?.cause('request', { at: 1, line: 'GET /ws', status: 403 });

    expect(streams[0]?.isClosed).toBe(true);
    expect(watch.request).toMatchObject({ status: 403 });
  });

  it('collects events until the connection closes', async () => {
    const result = watch.open('id');
    streams[0]?.cause('open');
    await result;
    streams[0]?.cause('request', { at: 1, line: 'GET /ws', status: 101 });
    expect(streams[0]?.isClosed).toBe(false);
    streams[0]?.cause('ping', { at: 2 });
    streams[0]?.cause('ping', { at: 'never' });
    streams[0]?.cause('close', { at: 3 });

    expect(watch.events.map(({ kind }) => kind)).toEqual(['request', 'ping', 'close']);
    expect(watch.request).toMatchObject({ line: 'GET /ws' });
    expect(streams[0]?.isClosed).toBe(true);
  });

  it('keeps the request and the newest events', async () => {
    const result = watch.open('id');
    streams[0]?.cause('open');
    await result;
    streams[0]?.cause('request', { at: 0 });
    for (let at = 1; at <= 3 * KEPT_EVENTS; at += 1) {
      streams[0]?.cause('ping', { at });
    }

    expect(watch.events.length).toBeLessThanOrEqual(KEPT_EVENTS);
    expect(watch.request).toBeDefined();
    expect(watch.events.at(-1)).toMatchObject({ at: 3 * KEPT_EVENTS });
    expect(watch.events.length + watch.dropped).toBe(3 * KEPT_EVENTS + 1);
    watch.close();
  });
});
