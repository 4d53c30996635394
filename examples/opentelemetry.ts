import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  type Attributes,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import type { WebSocketClosed, WebSocketConnection, WebSocketHandshake, WebSocketRefusal } from 'nest-raw-websockets';

/** What the channels of the library publish, as far as it is used here. */
interface Message extends WebSocketRefusal {
  readonly handshake: WebSocketHandshake;
  readonly connection: WebSocketConnection;
  readonly closed: WebSocketClosed;
  readonly error: unknown;
}

/**
 * Traces the WebSockets of the process with OpenTelemetry: a span for each handshake, which continues the trace of the client,
 * and a span for each connection. That may take days, so it has a trace of its own, with a link to the span of its handshake.
 *
 * @returns stops tracing
 */
export function traceWebSockets(tracer: Tracer): () => void {
  const handshakes = new WeakMap<WebSocketHandshake, Span>();
  const connections = new WeakMap<WebSocketConnection, Span>();

  return subscribeTo({
    handshake({ handshake }) {
      const parent = propagation.extract(ROOT_CONTEXT, handshake.headers);
      const options = { kind: SpanKind.SERVER, attributes: attributesOf(handshake) };
      handshakes.set(handshake, tracer.startSpan('WebSocket handshake', options, parent));
    },
    refusal({ handshake, status, reason, message }) {
      const span = handshakes.get(handshake);
      span?.setAttributes({ 'http.response.status_code': status, 'error.type': reason });
      if (status >= 500) {
        span?.setStatus({ code: SpanStatusCode.ERROR, message });
      }
      span?.end();
    },
    open({ handshake, connection }) {
      const span = handshakes.get(handshake);
      span?.setAttribute('http.response.status_code', handshake.httpVersion === '2' ? 200 : 101);
      span?.end();
      const options = {
        kind: SpanKind.SERVER,
        attributes: attributesOf(handshake),
        links: span === undefined ? [] : [{ context: span.spanContext() }],
      };
      connections.set(connection, tracer.startSpan('WebSocket connection', options, ROOT_CONTEXT));
    },
    error({ connection, error }) {
      connections.get(connection)?.recordException(error instanceof Error ? error : String(error));
    },
    close({ connection, closed: { by, status } }) {
      const span = connections.get(connection);
      span?.setAttributes({
        'websocket.close.by': by,
        'websocket.close.status': status,
        'websocket.messages.received': connection.messagesReceived,
        'websocket.messages.sent': connection.messagesSent,
        'websocket.bytes.received': connection.bytesReceived,
        'websocket.bytes.sent': connection.bytesSent,
      });
      span?.end();
    },
  });
}

/** Attributes by the semantic conventions of OpenTelemetry for HTTP. The query may have secrets, and is left out. */
function attributesOf({ path, remoteAddress, httpVersion, tlsVersion, userAgent }: WebSocketHandshake): Attributes {
  return {
    'url.path': path.replace(/\?.*$/s, ''),
    'url.scheme': tlsVersion === undefined ? 'ws' : 'wss',
    'client.address': remoteAddress,
    'network.protocol.version': httpVersion,
    'user_agent.original': userAgent,
  };
}

/** Subscribes to channels of the library, by their short names. */
function subscribeTo(subscribers: Readonly<Record<string, (message: Message) => void>>): () => void {
  const subscriptions = Object.entries(subscribers).map(([name, subscriber]) => {
    const channel = `nest-raw-websockets:${name}`;
    const onMessage = (message: unknown): void => subscriber(message as Message);
    subscribe(channel, onMessage);
    return () => unsubscribe(channel, onMessage);
  });
  return () => subscriptions.forEach((stop) => stop());
}
