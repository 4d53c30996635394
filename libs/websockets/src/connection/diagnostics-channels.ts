import { channel } from 'node:diagnostics_channel';
import type { WebSocketConnectionObserver, WebSocketObserver } from './web-socket-observer.js';

const handshakes = channel('nest-raw-websockets:handshake');
const refusals = channel('nest-raw-websockets:refusal');
const opens = channel('nest-raw-websockets:open');
const messages = channel('nest-raw-websockets:message');
const pings = channel('nest-raw-websockets:ping');
const closes = channel('nest-raw-websockets:close');
const errors = channel('nest-raw-websockets:error');

const ofPings: WebSocketConnectionObserver = {
  pongReceived(connection, _length, roundTripTime) {
    if (roundTripTime !== undefined) {
      pings.publish({ connection, roundTripTime });
    }
  },
};

const ofMessages: WebSocketConnectionObserver = {
  ...ofPings,
  messageReceived(connection, type, length) {
    messages.publish({ connection, direction: 'received', type, length });
  },
  messageSent(connection, type, length) {
    messages.publish({ connection, direction: 'sent', type, length });
  },
};

/** Publishes what is observed, where a channel has a subscriber. The messages are described in docs/observability.md. */
export const diagnosticsChannels: WebSocketObserver = {
  handshake(handshake) {
    if (handshakes.hasSubscribers) {
      handshakes.publish({ handshake });
    }
  },
  refused(handshake, { status, reason, message }) {
    if (refusals.hasSubscribers) {
      refusals.publish({ handshake, status, reason, message });
    }
  },
  opened(connection, handshake) {
    if (opens.hasSubscribers) {
      opens.publish({ handshake, connection });
    }
    return messages.hasSubscribers ? ofMessages : pings.hasSubscribers ? ofPings : undefined;
  },
  closed(connection, closed, error) {
    if (error !== undefined && errors.hasSubscribers) {
      errors.publish({ connection, error });
    }
    if (closes.hasSubscribers) {
      closes.publish({ connection, closed });
    }
  },
};
