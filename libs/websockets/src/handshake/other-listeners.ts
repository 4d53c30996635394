import type { EventEmitter } from 'node:events';
import type { Http2ServerResponse } from 'node:http2';
import type { Duplex } from 'node:stream';

/**
 * Calls back unless another listener for the same event has taken what it brought, such as a second WebSocket server on
 * the same HTTP server: one handshake gets one answer. Without other listeners it calls back at once.
 *
 * A listener has taken a socket when, by the time that all of them were called, it has written to it, ended it, or
 * listens to it.
 */
export function unlessTaken(
  server: EventEmitter,
  event: string,
  answerTo: Duplex | Http2ServerResponse,
  callback: () => void,
): void {
  if (server.listenerCount(event) === 1) {
    callback();
    return;
  }
  const traces = 'stream' in answerTo ? () => [answerTo.headersSent, answerTo.writableEnded] : () => tracesOn(answerTo);
  const before = String(traces());
  process.nextTick(() => {
    if (String(traces()) === before) {
      callback();
    }
  });
}

/** What changes on a socket when it is used. */
function tracesOn(socket: Duplex): unknown[] {
  const listeners = ['error', 'data', 'readable', 'end', 'close'].map((event) => socket.listenerCount(event));
  return [
    socket.destroyed,
    socket.writableEnded,
    'bytesWritten' in socket && socket.bytesWritten,
    socket.readableFlowing,
    ...listeners,
  ];
}
