export { connect, HandshakeRefusedError, type ConnectOptions } from './connect.js';
export { connectedPair, type ConnectedPair, type ConnectedPairOptions } from './connected-pair.js';
export type { TestClient } from './test-client.js';
