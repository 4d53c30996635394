import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { diagnosticsChannels } from '../../../../libs/websockets/src/connection/diagnostics-channels.js';
import type {
  WebSocketConnectionObserver,
  WebSocketHandshake,
} from '../../../../libs/websockets/src/connection/web-socket-observer.js';
import { connect } from '../../../support/socket-pair.js';

const handshake = { path: '/' } as WebSocketHandshake;
const { connection } = connect();
const closed = { by: 'peer', status: 1000, description: '' } as const;
const refusal = { status: 403, reason: 'origin', message: 'The origin is refused.' } as const;
const error = new Error('of the handler');

/** The observer of a new connection. */
const opened = (): WebSocketConnectionObserver | undefined => diagnosticsChannels.opened?.(connection, handshake);

describe('The diagnostics channel', () => {
  const stops: (() => void)[] = [];
  afterEach(() => stops.splice(0).forEach((stop) => stop()));
  afterAll(() => connection.abort());

  /** The messages of a channel from now on. */
  function messagesOf(name: string): unknown[] {
    const messages: unknown[] = [];
    const subscriber = (message: unknown): void => void messages.push(message);
    subscribe(`nest-raw-websockets:${name}`, subscriber);
    stops.push(() => unsubscribe(`nest-raw-websockets:${name}`, subscriber));
    return messages;
  }

  it.each<[string, () => void, readonly object[]]>([
    ['handshake', () => diagnosticsChannels.handshake?.(handshake), [{ handshake }]],
    ['refusal', () => diagnosticsChannels.refused?.(handshake, refusal), [{ handshake, ...refusal }]],
    ['open', () => void opened(), [{ handshake, connection }]],
    [
      'message',
      () => {
        const observer = opened();
        observer?.messageReceived?.(connection, 'text', 5);
        observer?.messageSent?.(connection, 'binary', 7);
      },
      [
        { connection, direction: 'received', type: 'text', length: 5 },
        { connection, direction: 'sent', type: 'binary', length: 7 },
      ],
    ],
    [
      'ping',
      () => {
        const observer = opened();
        observer?.pongReceived?.(connection, 4, undefined);
        observer?.pongReceived?.(connection, 4, 12.5);
      },
      [{ connection, roundTripTime: 12.5 }],
    ],
    ['close', () => diagnosticsChannels.closed?.(connection, closed, undefined), [{ connection, closed }]],
    ['error', () => diagnosticsChannels.closed?.(connection, closed, error), [{ connection, error }]],
  ])('nest-raw-websockets:%s publishes the observed event', (name, happen, expected) => {
    const messages = messagesOf(name);
    happen();
    expect(messages).toEqual(expected);
    expect((messages[0] as { connection?: unknown }).connection ?? connection).toBe(connection);
  });

  it('nest-raw-websockets:error publishes nothing for a clean close', () => {
    const messages = messagesOf('error');
    diagnosticsChannels.closed?.(connection, closed, undefined);
    expect(messages).toEqual([]);
  });

  it('has no observer on a connection without subscribers for messages or pings', () => {
    messagesOf('open');
    expect(opened()).toBeUndefined();
    messagesOf('ping');
    expect(opened()).not.toHaveProperty('messageReceived');
  });
});
