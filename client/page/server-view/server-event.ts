/**
 * The server's view of one connection, as Server-Sent Events from `/diagnostics/<id>`. The `event` field has the kind,
 * the `data` field a JSON object. Every object has `at`: milliseconds since 1970 by the server's clock, with a fraction.
 */
export interface ServerEvents {
  /** The handshake as it arrived, and its response. */
  request: {
    at: number;
    /** `GET /ws?diagnostics=… HTTP/1.1`; the query is as it arrived. */
    line: string;
    /** In the order and spelling of arrival. Cookie and Authorization have the value `(redacted)`. */
    headers: readonly (readonly [name: string, value: string])[];
    httpVersion: string;
    /** Absent if this server does not terminate TLS. */
    tlsVersion?: string;
    /** The peer's address, then those from trusted proxies, the client's last. */
    addresses: readonly string[];
    /** The negotiated extensions as in the response; empty without extensions. */
    extensions: string;
    subprotocol?: string;
    /** The status of the response: 101, or 200 over HTTP/2; any other status is a refusal. */
    status: number;
    /** Why the handshake was refused. */
    message?: string;
  };
  /** One frame. */
  frame: {
    at: number;
    from: 'client' | 'server';
    opcode: number;
    fin: boolean;
    rsv1: boolean;
    masked: boolean;
    /** Bytes of the payload on the wire, compressed if RSV1 is set. */
    length: number;
  };
  /** A summary of the frames in an interval with more than 500 frames a second. */
  frames: {
    at: number;
    from: 'client' | 'server';
    count: number;
    /** Bytes of all payloads. */
    length: number;
    /** Milliseconds that the summary covers. */
    duration: number;
  };
  /** A ping that the server sent or received. */
  ping: { at: number; from: 'client' | 'server'; length: number };
  /** A pong; `roundTrip` in milliseconds if it answers a ping of the server. */
  pong: { at: number; from: 'client' | 'server'; length: number; roundTrip?: number };
  /** The server stopped reading, because the peer does not read. */
  pause: { at: number; bufferedAmount: number };
  /** The server reads again; `duration` is the length of the pause in milliseconds. */
  resume: { at: number; duration: number };
  /** The end of the connection and its cause. */
  close: {
    at: number;
    by: 'peer' | 'server' | 'protocol' | 'timeout' | 'abort' | 'transport';
    status: number;
    description: string;
  };
}

export type ServerEventKind = keyof ServerEvents;

export type ServerEvent = { [K in ServerEventKind]: { readonly kind: K } & ServerEvents[K] }[ServerEventKind];

/** All kinds, in the order of the documentation. */
export const SERVER_EVENT_KINDS: readonly ServerEventKind[] = [
  'request',
  'frame',
  'frames',
  'ping',
  'pong',
  'pause',
  'resume',
  'close',
];

/** The query parameter of the WebSocket's URL with the id of the diagnostics stream. */
const DIAGNOSTICS_PARAMETER = 'diagnostics';

/** The path of the diagnostics stream. */
export function diagnosticsPath(id: string): string {
  return `/diagnostics/${id}`;
}

/** A new id: 128 random bits in hexadecimal. */
export function newDiagnosticsId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The URL of a WebSocket with the id of its diagnostics stream. */
export function withDiagnostics(url: string, id: string): string {
  const result = new URL(url);
  result.searchParams.set(DIAGNOSTICS_PARAMETER, id);
  return result.href;
}

/** Parses one event; `undefined` if the data does not fit its kind, because a newer server may send other data. */
export function parseServerEvent(kind: ServerEventKind, data: string): ServerEvent | undefined {
  try {
    const value = JSON.parse(data) as ServerEvent | null;
    return typeof value === 'object' && value !== null && typeof value.at === 'number'
      ? ({ ...value, kind } as ServerEvent)
      : undefined;
  } catch {
    return undefined;
  }
}
