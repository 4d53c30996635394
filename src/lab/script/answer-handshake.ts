import { encodeHead, encodeRefusal, HARMLESS, headersObject, type HeaderLines } from '../peer/http-answer.js';
import type { LabPeer } from '../peer/lab-peer.js';
import { acceptKeyOf, type LabRequest } from '../peer/lab-request.js';
import { Http2Transport } from '../peer/lab-transport.js';
import { frameFault } from './frame-faults.js';
import type { LabScript } from './parameters.js';

/** The time between the two packets of an answer, in ms. */
const SPLIT_DELAY = 100;

/** The answer to an offer of permessage-deflate, for faults that need it: each message is compressed by itself. */
const DEFLATE = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';

/**
 * Answers the handshake of a client.
 *
 * @returns whether the WebSocket is open
 */
export async function answerHandshake(peer: LabPeer, script: LabScript): Promise<boolean> {
  const { 'handshake-delay': delay, 'handshake-cut': cut } = script;
  if (delay === 'never') {
    return false;
  }
  await peer.wait(delay ?? 0);
  await sendInformational(peer, script);
  const refusal = isAuthorized(peer.request, script) ? undefined : script.status;
  if (peer.transport instanceof Http2Transport) {
    return answerOverHttp2(peer, peer.transport, script, refusal);
  }
  const bytes =
    refusal === undefined
      ? encodeHead(101, acceptHeaders(peer.request, script))
      : encodeRefusal(refusal, refusalHeaders(script), script.body ?? '');
  if (cut !== undefined) {
    await writeAnswer(peer, bytes.subarray(0, cut), script);
    peer.end();
    return false;
  }
  // No frame follows a refusal, so that it cannot wait for one.
  await writeAnswer(peer, bytes, refusal === undefined ? script : { ...script, coalesce: false });
  if (refusal !== undefined) {
    peer.end();
  }
  return refusal === undefined;
}

async function sendInformational({ transport, writer }: LabPeer, script: LabScript): Promise<void> {
  const { informational: status } = script;
  if (status === undefined) {
    return;
  }
  if (transport instanceof Http2Transport) {
    transport.respond({ ':status': status });
  } else {
    await writer.write([encodeHead(status, [])], script['handshake-rate']);
  }
}

function answerOverHttp2(
  peer: LabPeer,
  transport: Http2Transport,
  script: LabScript,
  refusal: number | undefined,
): boolean {
  if (script['rst-stream'] !== undefined) {
    transport.resetWith(script['rst-stream']);
    return false;
  }
  if (script.goaway !== undefined) {
    transport.goAway(script.goaway);
    return false;
  }
  if (refusal !== undefined) {
    transport.respond({ ':status': refusal, ...headersObject(refusalHeaders(script)) });
    transport.stream.end(script.body ?? '');
    return false;
  }
  transport.respond({ ':status': 200, ...headersObject(acceptedHeaders(peer.request, script)) });
  return true;
}

async function writeAnswer(peer: LabPeer, bytes: Buffer, script: LabScript): Promise<void> {
  const { 'handshake-split': split, 'handshake-rate': rate, coalesce } = script;
  if (coalesce) {
    peer.writer.hold(bytes);
  } else if (split !== undefined) {
    await peer.writer.write([bytes.subarray(0, split)]);
    await peer.wait(SPLIT_DELAY);
    await peer.writer.write([bytes.subarray(split)]);
  } else {
    await peer.writer.write([bytes], rate);
  }
}

/** The headers of the 101. */
function acceptHeaders(request: LabRequest, script: LabScript): HeaderLines {
  return [
    ...faulty('Upgrade', 'websocket', 'h2c', script.upgrade),
    ...faulty('Connection', 'Upgrade', 'close', script.connection),
    ...faulty('Sec-WebSocket-Accept', acceptKeyOf(request), Buffer.alloc(20).toString('base64'), script.accept),
    ...acceptedHeaders(request, script),
  ];
}

function faulty(
  name: string,
  right: string,
  wrong: string,
  fault: 'wrong' | 'missing' | 'double' | undefined,
): HeaderLines {
  const line = [name, fault === 'wrong' ? wrong : right] as const;
  return fault === 'missing' ? [] : fault === 'double' ? [line, line] : [line];
}

function acceptedHeaders(request: LabRequest, script: LabScript): HeaderLines {
  return [...agreedHeaders(request, script), ...extraHeaders(script)];
}

/** The headers with the agreed subprotocol and extensions, or with those that the script claims. */
export function agreedHeaders(request: LabRequest, script: LabScript): HeaderLines {
  const { subprotocol = request.requestedProtocols.slice(0, 1), fault = [] } = script;
  const needsDeflate = fault.some((name) => frameFault(name).compressed);
  const extensions = script.extensions ?? (needsDeflate ? [DEFLATE] : []);
  return [
    ...subprotocol.filter((name) => name !== '').map((name) => ['Sec-WebSocket-Protocol', name] as const),
    ...extensions.map((value) => ['Sec-WebSocket-Extensions', value] as const),
  ];
}

function refusalHeaders(script: LabScript): HeaderLines {
  const { 'retry-after': retryAfter, location, 'www-authenticate': authenticate } = script;
  return [
    ...HARMLESS,
    ...(retryAfter === undefined ? [] : [['Retry-After', String(retryAfter)] as const]),
    ...(location === undefined ? [] : [['Location', location] as const]),
    ...(authenticate === undefined ? [] : [['WWW-Authenticate', authenticate] as const]),
    ...extraHeaders(script),
  ];
}

function extraHeaders(script: LabScript): HeaderLines {
  const { cookie = [], header = [], 'header-size': size, 'obs-fold': fold } = script;
  return [
    ...cookie.map((pair) => ['Set-Cookie', `${pair}; Path=/lab; Max-Age=300; HttpOnly; SameSite=Lax`] as const),
    ...header.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
    }),
    ...(size === undefined ? [] : [['X-Padding', 'x'.repeat(size)] as const]),
    ...(fold ? [['X-Folded', 'the first line\r\n and the second'] as const] : []),
  ];
}

/** Whether the handshake has the credentials that the script asks for. */
function isAuthorized({ headers }: LabRequest, { 'www-authenticate': challenge, credentials }: LabScript): boolean {
  const { authorization } = headers;
  if (challenge === undefined || authorization === undefined) {
    return false;
  }
  return (
    credentials === undefined || authorization.replace(/^basic +/i, '') === Buffer.from(credentials).toString('base64')
  );
}
