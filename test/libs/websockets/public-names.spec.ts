import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** Each name that the library exports. A new name is a promise to users: list it here on purpose. */
const publicNames = [
  'BinaryType',
  'ClientEvent',
  'EventListener',
  'EventListenerObject',
  'Fragment',
  'FragmentHandler',
  'GatewayServer',
  'HandleProtocols',
  'MessageClient',
  'PreparedMessage',
  'RawWebSocketGateway',
  'TakenOverHandshake',
  'tuneForLargeMessages',
  'useWebSockets',
  'VerifyClient',
  'VerifyClientCallback',
  'VerifyClientInfo',
  'WebSocketAcceptOptions',
  'WebSocketClosed',
  'WebSocketCloseResult',
  'WebSocketCloseStatus',
  'WebSocketConnection',
  'WebSocketConnectionOptions',
  'WebSocketConnections',
  'WebSocketData',
  'WebSocketError',
  'WebSocketErrorCode',
  'WebSocketManager',
  'WebSocketMessage',
  'WebSocketMessageType',
  'WebSocketOptions',
  'WebSockets',
  'WebSocketsAdapter',
  'WebSocketSendOptions',
  'WebSocketsModule',
  'WebSocketsModuleAsyncOptions',
  'WebSocketState',
  'WebSocketTotals',
];

const index = fileURLToPath(new URL('../../../libs/websockets/src/index.ts', import.meta.url));

/** The names that a TypeScript file exports, each with its TSDoc. */
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

describe('The public names of the library', () => {
  const found = exportsOf(index);

  it('are these and no others', () => {
    expect(found.map(({ name }) => name).toSorted()).toEqual(publicNames.toSorted());
  });

  it('have TSDoc', () => {
    expect(found.filter(({ documentation }) => documentation === '')).toEqual([]);
  });
});
