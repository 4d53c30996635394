/**
 * Status codes of a close frame, named as in ASP.NET Core's `WebSocketCloseStatus`.
 *
 * @see RFC 6455 section 7.4.1, and the IANA WebSocket Close Code Number Registry for 1012 to 1014.
 */
export const WebSocketCloseStatus = {
  /** 1000: the purpose of the connection is fulfilled. */
  normalClosure: 1000,
  /** 1001: the server goes down, or a browser leaves the page. */
  endpointUnavailable: 1001,
  /** 1002: the peer broke the protocol. */
  protocolError: 1002,
  /** 1003: the endpoint cannot take this type of data. */
  invalidMessageType: 1003,
  /** 1007: the data does not fit its type, such as text that is not UTF-8. */
  invalidPayloadData: 1007,
  /** 1008: the message breaks a policy of the endpoint. */
  policyViolation: 1008,
  /** 1009: the message is too big to process. */
  messageTooBig: 1009,
  /** 1010: the client wanted an extension that the server did not negotiate. */
  mandatoryExtension: 1010,
  /** 1011: the server met a condition that it did not expect. */
  internalServerError: 1011,
  /** 1012: the server restarts. */
  serviceRestart: 1012,
  /** 1013: the server is overloaded; try again later. */
  tryAgainLater: 1013,
} as const;

/** What stands for the status of a close frame that has none (RFC 6455 section 7.1.5). It is never sent. */
export const NO_STATUS_RECEIVED = 1005;

/** The status of a connection that ended without a close frame (RFC 6455 section 7.1.5). It is never sent. */
export const ABNORMAL_CLOSURE = 1006;

/** A close frame's payload holds at most 125 bytes, two of which are the status (RFC 6455 section 5.5). */
export const MAX_CLOSE_DESCRIPTION_BYTES = 123;

/** Whether a peer may send `status` in a close frame (RFC 6455 section 7.4). */
export function mayReceiveCloseStatus(status: number): boolean {
  return (status >= 1000 && status <= 1003) || (status >= 1007 && status <= 1014) || (status >= 3000 && status <= 4999);
}

/** Whether the application may send `status`: 1004 to 1006 and 1015 are never sent, 1016 to 2999 are the RFC's own. */
export function maySendCloseStatus(status: number): boolean {
  return Number.isInteger(status) && mayReceiveCloseStatus(status);
}

/** A peer broke the protocol: how, and the status that it is told (RFC 6455 section 7.1.7). */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';

  constructor(
    message: string,
    /** The status of the close frame that answers it. */
    readonly closeStatus: number = WebSocketCloseStatus.protocolError,
  ) {
    super(message);
  }
}
