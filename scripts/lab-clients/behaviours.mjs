/**
 * @typedef {object} Behaviour
 * @property {string} query what the lab does
 * @property {readonly string[]} [protocols] the subprotocols that the client offers
 * @property {'send' | 'close' | 'ping'} [action] what the client does once it is open. Default: nothing
 * @property {'open' | 'refuse' | 'fail' | 'deliver' | 'pong' | 'reply'} [must] what an RFC says that a client MUST do: open
 *   the WebSocket, not open it, fail the connection, deliver the message, answer the ping, or answer the close frame
 * @property {string} [rfc] the section with that MUST
 * @property {true} [isHttp2] whether it exists over HTTP/2 alone, where no client of the list opens WebSockets
 */

const CLIENT_CHECKS = 'RFC 6455 4.1';

/** @type {readonly Behaviour[]} */
const PARAMETERS = [
  // The answer to the handshake
  { query: 'handshake-delay=300ms' },
  { query: 'handshake-delay=never' },
  { query: 'rst-stream=7', isHttp2: true },
  { query: 'goaway=11', isHttp2: true },
  { query: 'informational=103', must: 'open', rfc: 'RFC 9110 15.2' },
  { query: 'status=200&body=hello' },
  { query: 'status=503&retry-after=7' },
  { query: 'status=302&location=/lab' },
  { query: 'status=401&www-authenticate=Basic realm="lab"&credentials=user:secret' },
  { query: 'accept=wrong', must: 'refuse', rfc: CLIENT_CHECKS },
  { query: 'accept=missing', must: 'refuse', rfc: CLIENT_CHECKS },
  { query: 'accept=double' },
  { query: 'upgrade=wrong', must: 'refuse', rfc: CLIENT_CHECKS },
  { query: 'upgrade=missing', must: 'refuse', rfc: CLIENT_CHECKS },
  { query: 'upgrade=double' },
  { query: 'connection=wrong', must: 'refuse', rfc: CLIENT_CHECKS },
  { query: 'connection=missing', must: 'refuse', rfc: CLIENT_CHECKS },
  { query: 'connection=double' },
  { query: 'subprotocol=not-asked-for', must: 'refuse', rfc: CLIENT_CHECKS },
  { query: 'subprotocol=CHAT', protocols: ['chat'], must: 'refuse', rfc: CLIENT_CHECKS },
  { query: 'subprotocol=chat&subprotocol=super', protocols: ['chat', 'super'] },
  { query: 'subprotocol=', protocols: ['chat'] },
  { query: 'extensions=unknown-extension', must: 'refuse', rfc: CLIENT_CHECKS },
  { query: 'extensions=permessage-deflate; server_max_window_bits=99', must: 'refuse', rfc: 'RFC 7692 7.1' },
  { query: 'cookie=visit=1' },
  { query: 'header=X-Lab-Test: 1' },
  { query: 'header-size=64KiB' },
  { query: 'obs-fold=true', must: 'open', rfc: 'RFC 9112 5.2' },
  { query: 'handshake-rate=200' },
  { query: 'handshake-split=40' },
  { query: 'handshake-cut=0' },
  { query: 'handshake-cut=40' },
  { query: 'coalesce=true&count=1' },
  // Frames
  { query: 'tell=request' },
  { query: 'frame=c103616263', must: 'fail', rfc: 'RFC 6455 5.2' },
  { query: 'frame=8103&frame=616263&pace=100ms' },
  // Messages and rhythm
  { query: 'count=5&size=1KiB&every=10ms&digest=true' },
  { query: 'count=1&size=16MiB&type=binary' },
  { query: 'count=1&size=64KiB&fragment=64', must: 'deliver', rfc: 'RFC 6455 5.4' },
  { query: 'count=1&write-rate=100' },
  { query: 'read=0', action: 'send' },
  { query: 'echo=true', action: 'send' },
  { query: 'echo=false', action: 'send' },
  { query: 'echo-delay=300ms', action: 'send' },
  { query: 'drop-every=3', action: 'send' },
  { query: 'double-every=3', action: 'send' },
  { query: 'reorder-every=2', action: 'send' },
  { query: 'channel=clients', action: 'send' },
  { query: 'commands=true', action: 'send' },
  { query: 'ping-every=100ms', must: 'pong', rfc: 'RFC 6455 5.5.2' },
  { query: 'ping-every=100ms&ping-size=125', must: 'pong', rfc: 'RFC 6455 5.5.2' },
  { query: 'pong=never', action: 'ping' },
  { query: 'pong=late&pong-delay=300ms', action: 'ping' },
  { query: 'pong=wrong', action: 'ping' },
  { query: 'pong=twice', action: 'ping' },
  { query: 'pong-every=100ms' },
  // Closing
  { query: 'close=4123&reason=bye', must: 'reply', rfc: 'RFC 6455 5.5.1' },
  { query: 'close=empty', must: 'reply', rfc: 'RFC 6455 5.5.1' },
  { query: 'close=0' },
  { query: 'close=1005' },
  { query: 'close=1006' },
  { query: 'close=1015' },
  { query: 'close=2999' },
  { query: 'close=65535' },
  { query: 'close=1000&after=300ms', must: 'reply', rfc: 'RFC 6455 5.5.1' },
  { query: 'close=1000&after-messages=2', action: 'send', must: 'reply', rfc: 'RFC 6455 5.5.1' },
  { query: 'close=1000&messages-after-close=1' },
  { query: 'close=1000&messages-after-close=1&coalesce-close=true' },
  { query: 'close-reply=never', action: 'close' },
  { query: 'close-reply=late&close-reply-delay=300ms', action: 'close' },
  { query: 'close-reply=4002', action: 'close' },
  { query: 'keep-open=true', action: 'close' },
  { query: 'end=100ms' },
  { query: 'abort=100ms' },
  { query: 'id=lab-client', action: 'close' },
];

/**
 * Every behaviour that clients are run against.
 *
 * @param {Readonly<Record<string, { rfc: string, must?: 'fail' | 'deliver' }>>} faults the faults of the lab
 * @returns {readonly Behaviour[]}
 */
export function behaviours(faults) {
  const ofFaults = Object.entries(faults).map(([name, { rfc, must }]) => ({ query: `fault=${name}`, must, rfc }));
  const frames = PARAMETERS.findIndex(({ query }) => query.startsWith('count='));
  return [...PARAMETERS.slice(0, frames), ...ofFaults, ...PARAMETERS.slice(frames)];
}
