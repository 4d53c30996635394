import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** Every exported name of the library. A new name is a promise to users, so list it here deliberately. */
const publicNames = [
  'ABNORMAL_CLOSURE',
  'BinaryType',
  'ClientEvent',
  'ConnectionLimit',
  'EventListener',
  'EventListenerObject',
  'ForwardedClient',
  'ForwardedRequest',
  'Fragment',
  'FragmentHandler',
  'GatewayServer',
  'HandleProtocols',
  'NO_STATUS_RECEIVED',
  'PeerClose',
  'PreparedMessage',
  'RawWebSocketGateway',
  'SENT',
  'SharedLimits',
  'TakenOverHandshake',
  'TrustedProxies',
  'TrustProxy',
  'tuneForLargeMessages',
  'useWebSockets',
  'VerifyClient',
  'VerifyClientCallback',
  'VerifyClientInfo',
  'WebSocketAcceptOptions',
  'WebSocketClosed',
  'WebSocketCloseStatus',
  'WebSocketConnection',
  'WebSocketConnectionObserver',
  'WebSocketConnectionOptions',
  'WebSocketConnections',
  'WebSocketData',
  'WebSocketError',
  'WebSocketErrorCode',
  'WebSocketFrame',
  'WebSocketGatewayOptions',
  'WebSocketHandshake',
  'WebSocketManager',
  'WebSocketMessage',
  'WebSocketMessagesOptions',
  'WebSocketMessageType',
  'WebSocketObserver',
  'WebSocketOptions',
  'WebSocketRefusal',
  'WebSocketRefusalReason',
  'WebSockets',
  'WebSocketsAdapter',
  'WebSocketSendOptions',
  'WebSocketsModule',
  'WebSocketsModuleAsyncOptions',
  'WebSocketState',
  'WebSocketTotals',
  'WsCompatibleClient',
];

const testingNames = [
  'connect',
  'connectedPair',
  'ConnectedPair',
  'ConnectedPairOptions',
  'ConnectOptions',
  'HandshakeRefusedError',
  'TestClient',
];

const sources = fileURLToPath(new URL('../../../libs/websockets/src', import.meta.url));

/** The exported names of a TypeScript file, with their TSDoc. */
function exportsOf(path: string): { name: string; documentation: string }[] {
  const program = ts.createProgram([path], {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    experimentalDecorators: true,
    types: [],
  });
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(path)!);
  return (module ? checker.getExportsOfModule(module) : []).map((symbol) => {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    return { name: symbol.name, documentation: ts.displayPartsToString(target.getDocumentationComment(checker)) };
  });
}

describe.each([
  ['nest-raw-websockets', 'index.ts', publicNames],
  ['nest-raw-websockets/testing', 'testing/index.ts', testingNames],
])('The public names of %s', (_name, path, names) => {
  const found = exportsOf(join(sources, path));

  it('are exactly these', () => {
    expect(found.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
  });

  it('have TSDoc', () => {
    expect(found.filter(({ documentation }) => documentation === '')).toEqual([]);
  });
});
