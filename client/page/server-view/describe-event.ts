import { countOf } from '../log/preview.js';
import type { ServerEvent, ServerEventKind, ServerEvents } from './server-event.js';

const OPCODES: Readonly<Record<number, string>> = {
  0: 'continuation',
  1: 'text',
  2: 'binary',
  8: 'close',
  9: 'ping',
  10: 'pong',
};

const CLOSED_BY: Readonly<Record<string, string>> = {
  peer: 'the client',
  server: 'the server',
  protocol: 'the server, for a violation of the protocol',
  timeout: 'the server, after a time-out',
  abort: 'the server, without a close handshake',
  transport: 'the transport: the connection was lost',
};

const DESCRIPTIONS: { readonly [K in ServerEventKind]: (event: ServerEvents[K]) => string } = {
  request: ({ line, status, message }) =>
    `${line}, answered with ${status}${message === undefined ? '' : `: ${message}`}`,
  frame: ({ opcode, fin, rsv1, masked, length }) =>
    [
      OPCODES[opcode] ?? `opcode ${opcode}`,
      countOf(length, 'byte'),
      fin ? 'FIN' : 'more fragments follow',
      ...(rsv1 ? ['RSV1 (compressed)'] : []),
      masked ? 'masked' : 'not masked',
    ].join(', '),
  frames: ({ count, length, duration }) =>
    `${countOf(count, 'frame')} in ${duration.toFixed(0)} ms, ${countOf(length, 'byte')}`,
  ping: ({ length }) => `ping, ${countOf(length, 'byte')}`,
  pong: ({ roundTrip }) => `pong${roundTrip === undefined ? '' : `, round trip ${roundTrip.toFixed(2)} ms`}`,
  pause: ({ bufferedAmount }) =>
    `The server stopped reading: ${countOf(bufferedAmount, 'byte')} are buffered until the client reads.`,
  resume: ({ duration }) => `The server resumed reading after ${duration.toFixed(0)} ms.`,
  close: ({ by, status, description }) => `Closed by ${CLOSED_BY[by] ?? by}. Code: ${status}. Reason: ${description}`,
};

/** An event in one line. */
export function describeEvent(event: ServerEvent): string {
  return (DESCRIPTIONS[event.kind] as (event: ServerEvent) => string)(event);
}

/** The origin of an event, as the table shows it. */
export function sideOf(event: ServerEvent): string {
  return 'from' in event ? (event.from === 'client' ? 'Client' : 'Server') : '';
}

/** Properties of the request, as pairs of a name and a value. */
export function factsOf(event: Extract<ServerEvent, { kind: 'request' }>): [name: string, value: string][] {
  return [
    ['Request', event.line],
    ['Answer', event.message === undefined ? String(event.status) : `${event.status} ${event.message}`],
    ['HTTP version', event.httpVersion],
    ['TLS version', event.tlsVersion ?? 'none at this server'],
    ['Addresses', event.addresses.join(' → ')],
    ['Extensions', event.extensions === '' ? 'none' : event.extensions],
    ['Subprotocol', event.subprotocol ?? 'none'],
  ];
}
