import { once } from 'node:events';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-node';
import { WebSocket } from 'ws';
import { startExamples } from '../../examples/main.js';
import { traceWebSockets } from '../../examples/opentelemetry.js';
import { until } from '../support/until.js';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';

describe('The example of OpenTelemetry', () => {
  const exporter = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  let examples: Awaited<ReturnType<typeof startExamples>>;
  let stop: () => void;

  beforeAll(async () => {
    provider.register();
    stop = traceWebSockets(provider.getTracer('nest-raw-websockets'));
    examples = await startExamples(0);
  });
  beforeEach(() => exporter.reset());
  afterAll(async () => {
    stop();
    await examples.close();
    await provider.shutdown();
  });

  /** Waits for a span to end. */
  async function span(name: string): Promise<ReadableSpan> {
    const find = (): ReadableSpan | undefined => exporter.getFinishedSpans().find((one) => one.name === name);
    await until(() => find() !== undefined);
    return find()!;
  }

  it('has a span of the handshake in the trace of the client, and a linked span of the connection', async () => {
    const client = new WebSocket(`${examples.url}/rooms/7?token=let%20me%20in`, {
      headers: { traceparent: `00-${TRACE_ID}-${PARENT_ID}-01`, 'User-Agent': 'tester' },
    });
    await once(client, 'open');
    client.send('Hello');
    await once(client, 'message');
    client.close(1000);

    const [handshake, connection] = [await span('WebSocket handshake'), await span('WebSocket connection')];
    expect(handshake).toMatchObject({
      kind: SpanKind.SERVER,
      parentSpanContext: { traceId: TRACE_ID, spanId: PARENT_ID },
      attributes: {
        'url.path': '/rooms/7',
        'client.address': '127.0.0.1',
        'user_agent.original': 'tester',
        'http.response.status_code': 101,
      },
    });
    expect(connection).toMatchObject({
      kind: SpanKind.SERVER,
      parentSpanContext: undefined,
      links: [{ context: handshake.spanContext() }],
      attributes: {
        'websocket.close.by': 'peer',
        'websocket.close.status': 1000,
        'websocket.messages.received': 1,
        'websocket.messages.sent': 1,
      },
      events: [],
    });
  });

  it('has a span of a handshake that a guard refused, and none of a connection', async () => {
    await once(new WebSocket(`${examples.url}/rooms/7`), 'error');

    expect(await span('WebSocket handshake')).toMatchObject({
      attributes: { 'http.response.status_code': 401, 'error.type': 'guard' },
      status: { code: SpanStatusCode.UNSET },
    });
    expect(exporter.getFinishedSpans()).toHaveLength(1);
  });

  it('notes what ended a connection that was lost', async () => {
    const client = new WebSocket(`${examples.url}/rooms/7?token=let%20me%20in`);
    await once(client, 'open');
    client.terminate();

    expect(await span('WebSocket connection')).toMatchObject({
      attributes: { 'websocket.close.by': 'transport', 'websocket.close.status': 1006 },
      events: [{ name: 'exception' }],
    });
  });
});
