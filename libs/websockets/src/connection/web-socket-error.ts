/**
 * Every error of this library, by its code; a code is never given a second meaning.
 *
 * | code | meaning |
 * |---|---|
 * | `WS_PROTOCOL_ERROR` | the peer broke RFC 6455; `closeStatus` is what it was told |
 * | `WS_CLOSED_PREMATURELY` | the transport ended without a close frame (1006) |
 * | `WS_ABORTED` | `abort()` was called |
 * | `WS_NOT_OPEN` | `ping()` was called, or not answered, while the connection was closing or closed |
 * | `WS_TIMEOUT` | the peer took too long; the message says with what |
 * | `WS_MESSAGE_TOO_BIG` | a message was larger than `maxMessageSize` (1009) |
 * | `WS_INVALID_CLOSE` | the application closed with a status or a description that no close frame may have |
 * | `WS_INVALID_DATA` | the application sent something that is not a string or bytes, an unknown type of message, or a ping of more than 125 bytes |
 * | `WS_ALREADY_RECEIVING` | `receive()` or `messages()` was called while another one is under way |
 * | `WS_ALREADY_ACCEPTED` | `accept()` or `takeOver()` was called for a request that one of them had answered |
 * | `WS_INVALID_OPTION` | an option has a value that it cannot have |
 * | `WS_GATEWAY_CONFLICT` | two gateways cannot share a path, or have different options at it |
 * | `WS_GATEWAY_KIND` | a gateway has `handleWebSocket`, and also what only a stock gateway can have |
 * | `WS_GATEWAY_SCOPE` | a gateway with `handleWebSocket`, or one of its dependencies, is request-scoped or transient |
 * | `WS_MODULE_MISSING` | `useWebSockets(app)` found no `WebSocketsModule` |
 * | `WS_MODULE_CONFLICT` | `WebSocketsModule.forRoot()` or `forRootAsync()` is imported more than once |
 * | `WS_ALREADY_USED` | `useWebSockets(app)` was called twice for one application |
 */
export type WebSocketErrorCode =
  | 'WS_PROTOCOL_ERROR'
  | 'WS_CLOSED_PREMATURELY'
  | 'WS_ABORTED'
  | 'WS_NOT_OPEN'
  | 'WS_TIMEOUT'
  | 'WS_MESSAGE_TOO_BIG'
  | 'WS_INVALID_CLOSE'
  | 'WS_INVALID_DATA'
  | 'WS_ALREADY_RECEIVING'
  | 'WS_ALREADY_ACCEPTED'
  | 'WS_INVALID_OPTION'
  | 'WS_GATEWAY_CONFLICT'
  | 'WS_GATEWAY_KIND'
  | 'WS_GATEWAY_SCOPE'
  | 'WS_MODULE_MISSING'
  | 'WS_MODULE_CONFLICT'
  | 'WS_ALREADY_USED';

/** An error of this library. `code` tells which one. */
export class WebSocketError extends Error {
  override readonly name = 'WebSocketError';

  constructor(
    readonly code: WebSocketErrorCode,
    message: string,
    /** The status that the connection ended with, where the error ended it. */
    readonly closeStatus?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
