import type { Fragment, WebSocketMessageType } from '../protocol/fragment.js';
import { Opcode } from '../protocol/opcode.js';
import type { PreparedMessage } from './prepared-message.js';
import { WebSocketError } from './web-socket-error.js';

/** What `send` takes. Strings are sent as UTF-8. */
export type WebSocketData = Fragment | PreparedMessage | string | Uint8Array | ArrayBuffer;

export function opcodeOf(type: WebSocketMessageType): number {
  return type === 'text' ? Opcode.text : Opcode.binary;
}

/** @throws WebSocketError `WS_INVALID_DATA` */
export function bytesOf(data: string | Uint8Array | ArrayBuffer): Buffer {
  if (typeof data === 'string') {
    return Buffer.from(data);
  }
  if (data instanceof Uint8Array) {
    return Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  }
  if (data instanceof ArrayBuffer) {
    return Buffer.from(data);
  }
  const given = data === null ? 'null' : typeof data;
  throw new WebSocketError(
    'WS_INVALID_DATA',
    `send() takes a string, a Uint8Array, an ArrayBuffer, a fragment or a PreparedMessage, but was given ${given}.`,
  );
}
