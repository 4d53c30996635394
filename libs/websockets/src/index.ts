export { GatewayServer } from './nest/gateway-endpoint.js';
export type { HandleProtocols, WebSocketGatewayOptions } from './nest/gateway-options.js';
export type { RawWebSocketGateway } from './nest/gateways.js';
export {
  WsCompatibleClient,
  type BinaryType,
  type ClientEvent,
  type EventListener,
  type EventListenerObject,
} from './nest/ws-compatible-client.js';
export { SENT } from './connection/message-sender.js';
export { PreparedMessage, type WebSocketData } from './connection/prepared-message.js';
export { ABNORMAL_CLOSURE, NO_STATUS_RECEIVED, WebSocketCloseStatus } from './protocol/close-status.js';
export type { Fragment, FragmentHandler, WebSocketMessageType } from './protocol/fragment.js';
export type { WebSocketFrame } from './protocol/frame-scanner.js';
export { tuneForLargeMessages } from './connection/tune-for-large-messages.js';
export type { VerifyClient, VerifyClientCallback, VerifyClientInfo } from './nest/verify-client.js';
export type {
  PeerClose,
  WebSocketClosed,
  WebSocketConnection,
  WebSocketMessagesOptions,
  WebSocketSendOptions,
  WebSocketState,
} from './connection/web-socket-connection.js';
export { WebSocketConnections, type WebSocketTotals } from './connection/web-socket-connections.js';
export type {
  WebSocketConnectionObserver,
  WebSocketHandshake,
  WebSocketObserver,
  WebSocketRefusal,
  WebSocketRefusalReason,
} from './connection/web-socket-observer.js';
export { WebSocketError, type WebSocketErrorCode } from './connection/web-socket-error.js';
export type { WebSocketMessage } from './connection/web-socket-message.js';
export type { WebSocketConnectionOptions } from './connection/web-socket-options.js';
export type { WebSocketOptions } from './nest/module-options.js';
export { WebSocketsAdapter } from './nest/web-sockets.adapter.js';
export { useWebSockets, WebSocketsModule, type WebSocketsModuleAsyncOptions } from './nest/web-sockets.module.js';
export { WebSocketManager, WebSockets } from './nest/web-socket-manager.js';
export type { ConnectionLimit, SharedLimits } from './handshake/admission.js';
export type { WebSocketAcceptOptions } from './handshake/pending-upgrade.js';
export type { TakenOverHandshake } from './handshake/taken-over-handshake.js';
export {
  TrustedProxies,
  type ForwardedClient,
  type ForwardedRequest,
  type TrustProxy,
} from './handshake/trusted-proxies.js';
