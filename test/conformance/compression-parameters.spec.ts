import type { Duplex } from 'node:stream';
import { acceptDeflate } from '../../libs/websockets/src/protocol/permessage-deflate.js';
import { resolveWebSocketOptions } from '../../libs/websockets/src/nest/module-options.js';
import type { RawClient } from '../support/raw-client.js';
import { clientFrame } from '../libs/websockets/protocol/client-frame.js';
import { DeflateWindow, deflated, type WindowAgreement } from './deflate-window.js';
import { echoInMemory, exchange, goodbye, NORMAL_CLOSURE } from './exchange.js';
import { binaryOf } from './payloads.js';
import { answer, readAnswers, readServerFrames } from './server-frames.js';
import './wire-matchers.js';

const allBits = [9, 10, 11, 12, 13, 14, 15];

/** Offers and their responses. */
const accepted: readonly (readonly [offer: string, agreement: string])[] = [
  ['permessage-deflate', 'permessage-deflate'],
  ...allBits.map(
    (bits) =>
      [
        `permessage-deflate; server_max_window_bits=${bits}`,
        `permessage-deflate; server_max_window_bits=${bits}`,
      ] as const,
  ),
  ...allBits.map(
    (bits) =>
      [
        `permessage-deflate; client_max_window_bits=${bits}`,
        `permessage-deflate; client_max_window_bits=${bits}`,
      ] as const,
  ),
  // Without a value, the client only declares support for the parameter (section 7.1.2.2).
  ['permessage-deflate; client_max_window_bits', 'permessage-deflate; client_max_window_bits=15'],
  ['permessage-deflate; server_no_context_takeover', 'permessage-deflate; server_no_context_takeover'],
  ['permessage-deflate; client_no_context_takeover', 'permessage-deflate; client_no_context_takeover'],
  [
    'permessage-deflate; client_no_context_takeover; server_no_context_takeover',
    'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
  ],
  [
    'permessage-deflate; client_max_window_bits=12; server_max_window_bits=9',
    'permessage-deflate; server_max_window_bits=9; client_max_window_bits=12',
  ],
  [
    'permessage-deflate; client_max_window_bits; server_max_window_bits=10; client_no_context_takeover; ' +
      'server_no_context_takeover',
    'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; ' +
      'client_max_window_bits=15',
  ],
  // A value may be quoted (RFC 6455 section 9.1).
  ['permessage-deflate; server_max_window_bits="10"', 'permessage-deflate; server_max_window_bits=10'],
  ['permessage-deflate; client_max_window_bits="9"', 'permessage-deflate; client_max_window_bits=9'],
  ['permessage-deflate; server_max_window_bits="1\\2"', 'permessage-deflate; server_max_window_bits=12'],
  ['permessage-deflate;server_max_window_bits=11', 'permessage-deflate; server_max_window_bits=11'],
  ['permessage-deflate\t ; \tserver_max_window_bits=11', 'permessage-deflate; server_max_window_bits=11'],
  // The server accepts the first acceptable offer (section 5) and ignores other extensions.
  [
    'permessage-deflate; server_max_window_bits=13, permessage-deflate',
    'permessage-deflate; server_max_window_bits=13',
  ],
  ['permessage-deflate,permessage-deflate; server_max_window_bits=9', 'permessage-deflate'],
  ['x-webkit-deflate-frame, permessage-deflate', 'permessage-deflate'],
  ['permessage-bzip2; server_max_window_bits=9, permessage-deflate, permessage-snappy', 'permessage-deflate'],
  [
    'permessage-deflate; server_max_window_bits=16, permessage-deflate; server_max_window_bits=14, permessage-deflate',
    'permessage-deflate; server_max_window_bits=14',
  ],
];

/** Offers that the server declines. It may accept the next one in the list. */
const declined: readonly string[] = [
  'permessage-deflate; unknown',
  'permessage-deflate; unknown=1',
  'permessage-deflate; server_max_window_bits=10; unknown',
  'permessage-deflate; Server_Max_Window_Bits=10',
  'permessage-deflate; server_max_window_bits', // needs a value in an offer as well (section 7.1.2.1)
  ...['server_max_window_bits', 'client_max_window_bits'].flatMap((name) => [
    // RFC 7692 allows 8, but zlib does not support that window size.
    ...['8', '7', '1', '0', '16', '17', '32768', '-10', '+10', '10.0', '1e1', '1x', '0xa', 'ten', 'true'].map(
      (value) => `permessage-deflate; ${name}=${value}`,
    ),
    // Leading zeros are not allowed (section 7.1.2).
    `permessage-deflate; ${name}=010`,
    `permessage-deflate; ${name}=015`,
    `permessage-deflate; ${name}="015"`,
    `permessage-deflate; ${name}="16"`,
    `permessage-deflate; ${name}=10; ${name}=10`,
    `permessage-deflate; ${name}=10; ${name}=11`,
  ]),
  'permessage-deflate; client_max_window_bits; client_max_window_bits=10',
  ...['server_no_context_takeover', 'client_no_context_takeover'].flatMap((name) => [
    `permessage-deflate; ${name}=true`,
    `permessage-deflate; ${name}=1`,
    `permessage-deflate; ${name}="true"`,
    `permessage-deflate; ${name}; ${name}`,
    `permessage-deflate; ${name}; client_max_window_bits; ${name}`,
  ]),
  'permessage-bzip2',
  'x-webkit-deflate-frame',
  'deflate',
  'permessage-deflated',
];

/** Headers that violate the grammar (RFC 6455 section 9.1), so that the server ignores them whole. */
const malformed: readonly string[] = [
  ';',
  'permessage-deflate;',
  'permessage-deflate;;server_no_context_takeover',
  'permessage-deflate; server_max_window_bits=',
  'permessage-deflate; server_max_window_bits=""',
  'permessage-deflate; server_max_window_bits="10',
  'permessage-deflate; server_max_window_bits="1 0"',
  'permessage-deflate; a="unclosed',
  'permessage-deflate; =10',
  'permessage-deflate server_max_window_bits',
  'permessage-deflate; @',
];

/** The negotiated parameters for the messages of the server or of the client. */
function agreementOf(side: 'server' | 'client', header: string): Required<WindowAgreement> {
  const bits = new RegExp(`${side}_max_window_bits=(\\d+)`).exec(header)?.[1];
  return { bits: Number(bits ?? 15), takesOver: !header.includes(`${side}_no_context_takeover`) };
}

/** Repeats itself after more than 700 bytes, which only a large window can use. */
const messages: readonly Buffer[] = [100, 0, 700, 1500, 3000, 6000, 12_000, 24_000, 40_000]
  .flatMap((distance) => [distance, distance])
  .map(binaryOf);

/** Echoes messages with the negotiated parameters, and verifies that the server obeys them. */
async function echoAsAgreed(client: RawClient<Duplex>, agreement: string): Promise<void> {
  const window = new DeflateWindow(agreementOf('client', agreement));
  const frames = messages.map((message) => clientFrame({ opcode: 2, reserved: 4, payload: window.deflate(message) }));
  await client.send(Buffer.concat([...frames, goodbye]));
  const answers = await client.readToEnd();
  const server = agreementOf('server', agreement);
  expect(readAnswers(answers, new DeflateWindow(server))).toEqual([
    ...messages.map((message) => answer(2, message)),
    answer(8, NORMAL_CLOSURE),
  ]);
  const [first, second] = readServerFrames(answers, true).map(({ payload }) => payload.length);
  expect(second < first).toBe(server.takesOver);
}

/** The response of the server to an offer. */
const agreementTo = (offer: string): string | undefined => acceptDeflate(offer, resolveWebSocketOptions())?.header;

describe('RFC 7692 7.1: the server accepts an offer, and compresses messages accordingly', () => {
  it.each(accepted)('%j with the response %j', async (offer, agreement) => {
    expect(agreementTo(offer)).toBe(agreement);
    await echoAsAgreed(echoInMemory({}, offer)(), agreement);
  });
});

describe('RFC 7692 7: the server declines an offer', () => {
  it.each(declined)('%j: alone it enables no compression, and the next offer counts', (offer) => {
    expect(agreementTo(offer)).toBeUndefined();
    const next = 'permessage-deflate; server_max_window_bits=9';
    expect(agreementTo(`${offer}, ${next}`)).toBe(next);
  });

  it.each(malformed)('%j, as malformed: compression stays off', (offer) => {
    expect(agreementTo(offer)).toBeUndefined();
    expect(agreementTo(`${offer}, permessage-deflate`)).toBeUndefined();
  });
});

it.each([undefined, 'permessage-deflate; server_max_window_bits=8'])(
  'RFC 7692 6: RSV1 closes with 1002 after the offer %j',
  async (offer) => {
    const frame = clientFrame({ opcode: 1, reserved: 4, payload: deflated('Hello') });
    expect(await exchange(echoInMemory({}, offer), frame)).toBeFailure(1002);
  },
);

it('RFC 7692 7.1.2.1: this test detects a reference beyond a small window, or into an earlier message', () => {
  const twice = Buffer.concat([binaryOf(700), binaryOf(700)]);
  const small = new DeflateWindow({ bits: 9 });
  expect(small.inflate(deflated(twice, { windowBits: 9 }))).toEqual(twice);
  expect(() => small.inflate(deflated(twice))).toThrow('too far back');

  const [sender, receiver] = [new DeflateWindow(), new DeflateWindow({ takesOver: false })];
  expect(receiver.inflate(sender.deflate('Hello')).toString()).toBe('Hello');
  expect(() => receiver.inflate(sender.deflate('Hello'))).toThrow('too far back');
});
