import { encodeHead, encodeRefusal, headersObject, type HeaderLines, type LabPeer } from './lab-peer.js';
import { frameFault } from './frame-faults.js';
import { acceptKeyOf, type LabRequest } from './lab-request.js';
import { Http2Transport } from './lab-transport.js';
import type { LabScript } from './parameters.js';

/** How long the second packet of an answer comes after the first, in ms. */
const SPLIT_DELAY = 100;

/** A page that is made of it runs nothing, whatever a query put into it. */
const HARMLESS: HeaderLines = [
  ['Content-Type', 'text/plain; charset=utf-8'],
  ['X-Content-Type-Options', 'nosniff'],
  ['Content-Security-Policy', "default-src 'none'; sandbox"],
];

/** The parameters of permessage-deflate where a fault needs it: each message is compressed by itself. */
const DEFLATE = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';

/**
 * Answers the handshake as the script has it.
 *
 * @returns whether the WebSocket is open
 */
export async function answerHandshake(peer: LabPeer, script: LabScript): Promise<boolean> {
  const { 'handshake-delay': delay, 'handshake-cut': cut } = script;
  if (delay === 'never') {
    return false;
  }
  if (delay !== undefined) {
    await peer.wait(delay);
  }
  const isRefused = script.status !== undefined && !isAuthorized(peer.request, script);
  if (peer.transport instanceof Http2Transport) {
    return answerOverHttp2(peer, peer.transport, script, isRefused);
  }
  const bytes = isRefused
    ? encodeRefusal(script.status, refusalHeaders(script), script.body ?? '')
    : encodeHead(101, acceptHeaders(peer.request, script));
  if (cut !== undefined) {
    await writeAnswer(peer, bytes.subarray(0, cut), script);
    peer.end();
    return false;
  }
  await writeAnswer(peer, bytes, script);
  if (isRefused) {
    peer.end();
  }
  return !isRefused;
}

function answerOverHttp2(peer: LabPeer, transport: Http2Transport, script: LabScript, isRefused: boolean): boolean {
  if (script['rst-stream'] !== undefined) {
    transport.resetWith(script['rst-stream']);
    return false;
  }
  if (script.goaway !== undefined) {
    transport.goAway(script.goaway);
    return false;
  }
  if (isRefused) {
    transport.respond({ ':status': script.status, ...headersObject(refusalHeaders(script)) });
    transport.stream.end(script.body ?? '');
    return false;
  }
  transport.respond({ ':status': 200, ...headersObject(negotiated(peer.request, script)) });
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

/** The headers of the 101, right or as the script has them. */
export function acceptHeaders(request: LabRequest, script: LabScript): HeaderLines {
  return [
    ...faulty('Upgrade', 'websocket', 'h2c', script.upgrade),
    ...faulty('Connection', 'Upgrade', 'close', script.connection),
    ...faulty('Sec-WebSocket-Accept', acceptKeyOf(request), Buffer.alloc(20).toString('base64'), script.accept),
    ...negotiated(request, script),
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

/** What was agreed on, and what goes with any answer. */
function negotiated(request: LabRequest, script: LabScript): HeaderLines {
  const { subprotocol = request.requestedProtocols.slice(0, 1), fault = [] } = script;
  const needsDeflate = fault.some((name) => frameFault(name).compressed);
  const extensions = script.extensions ?? (needsDeflate ? [DEFLATE] : []);
  return [
    ...subprotocol.filter((name) => name !== '').map((name) => ['Sec-WebSocket-Protocol', name] as const),
    ...extensions.map((value) => ['Sec-WebSocket-Extensions', value] as const),
    ...extraHeaders(script),
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
    ...cookie.map((pair) => ['Set-Cookie', `${pair}; Path=/lab; HttpOnly; SameSite=Lax`] as const),
    ...header.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
    }),
    ...(size === undefined ? [] : [['X-Padding', 'x'.repeat(size)] as const]),
    ...(fold ? [['X-Folded', 'the first line\r\n and the second'] as const] : []),
  ];
}

/** Whether the client has the credentials that the script wants. */
function isAuthorized({ headers }: LabRequest, { 'www-authenticate': challenge, credentials }: LabScript): boolean {
  const { authorization } = headers;
  if (challenge === undefined || authorization === undefined) {
    return false;
  }
  return (
    credentials === undefined || authorization.replace(/^basic +/i, '') === Buffer.from(credentials).toString('base64')
  );
}
