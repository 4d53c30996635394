import {
  STATUS_CODES,
  validateHeaderName,
  validateHeaderValue,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from 'node:http';
import type { TLSSocket } from 'node:tls';
import { HANDSHAKE_FAILED, type Refusal } from '../handshake/refusal.js';
import { runHandler } from './serve-connection.js';

/** What `verifyClient` is told of a handshake, as by `ws`. */
export interface VerifyClientInfo {
  /** The Origin header. */
  readonly origin: string | undefined;
  /** Whether the connection is encrypted. */
  readonly secure: boolean;
  /** The request of the handshake. */
  readonly req: IncomingMessage;
}

/**
 * Lets a client in or refuses it with an ordinary response.
 *
 * @param code the status of the response, 300 to 599; by default 401
 * @param message the message of its body; by default the reason phrase of the status
 */
export type VerifyClientCallback = (
  isVerified: boolean,
  code?: number,
  message?: string,
  headers?: OutgoingHttpHeaders,
) => void;

/**
 * A gateway's option that decides who may connect, as in `ws`: it returns whether, or a promise of that, or takes a
 * callback as its second parameter. What it throws is logged and answered with 500.
 */
export type VerifyClient =
  | ((info: VerifyClientInfo) => boolean | Promise<boolean>)
  | ((info: VerifyClientInfo, callback: VerifyClientCallback) => void);

/**
 * Asks `verifyClient`.
 *
 * @param name what to call it in the log
 * @returns why the client may not connect, or nothing
 */
export async function refusalBy(
  verifyClient: VerifyClient,
  name: string,
  request: IncomingMessage,
): Promise<Refusal | undefined> {
  const { encrypted = false, authorized = false } = request.socket as Partial<TLSSocket>;
  const info: VerifyClientInfo = { origin: request.headers.origin, secure: encrypted || authorized, req: request };
  let refusal: Refusal | undefined = HANDSHAKE_FAILED;
  await runHandler(name, async () => {
    refusal = await ask(verifyClient, info);
  });
  return refusal;
}

async function ask(verifyClient: VerifyClient, info: VerifyClientInfo): Promise<Refusal | undefined> {
  if (verifyClient.length < 2) {
    return (await (verifyClient as (info: VerifyClientInfo) => unknown)(info)) ? undefined : refusalOf();
  }
  const answer = await new Promise<Parameters<VerifyClientCallback>>((resolve, reject) => {
    // One that is async may reject before it calls back.
    Promise.resolve(verifyClient(info, (...args) => resolve(args))).catch(reject);
  });
  const [isVerified, code, message, headers] = answer;
  return isVerified ? undefined : refusalOf(code, message, headers);
}

/** @throws Error at what an ordinary response cannot have */
function refusalOf(code?: number, message?: string, headers: OutgoingHttpHeaders = {}): Refusal {
  const status = code || 401;
  if (!Number.isInteger(status) || status < 300 || status > 599) {
    throw new RangeError(`The callback of verifyClient was given the code ${status}; 300 to 599 refuse a client.`);
  }
  const lines: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) {
      validateHeaderName(name);
      validateHeaderValue(name, String(value));
      lines[name] = String(value);
    }
  }
  return { status, reason: 'guard', message: message || (STATUS_CODES[status] ?? ''), headers: lines };
}
