export { GatewayServer } from './gateway-server.js';
export type { RawWebSocketGateway } from './gateways.js';
export { MessageClient } from './message-client.js';
export { WebSocketCloseStatus } from './protocol/close-status.js';
export { Fragment, type WebSocketMessageType } from './protocol/fragment.js';
export { useWebSockets } from './use-web-sockets.js';
export {
  WebSocketConnection,
  type FragmentHandler,
  type WebSocketClosed,
  type WebSocketCloseResult,
  type WebSocketData,
  type WebSocketState,
} from './web-socket-connection.js';
export { WebSocketConnections } from './web-socket-connections.js';
export { WebSocketError, type WebSocketErrorCode } from './web-socket-error.js';
export type { WebSocketMessage } from './web-socket-message.js';
export type { WebSocketOptions } from './web-socket-options.js';
export { WebSocketsAdapter } from './web-sockets.adapter.js';
export { WebSocketsModule, type WebSocketsModuleAsyncOptions } from './web-sockets.module.js';
