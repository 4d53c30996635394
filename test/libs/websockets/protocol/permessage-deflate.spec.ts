import { acceptDeflate, type DeflateOptions } from '../../../../libs/websockets/src/protocol/permessage-deflate.js';

const defaults: DeflateOptions = { disableServerContextTakeover: false, serverMaxWindowBits: 15 };

/** The possible offers of a client are in test/conformance/compression-parameters.spec.ts. */
describe('acceptDeflate', () => {
  it.each<[string, string, Partial<DeflateOptions>]>([
    [
      'permessage-deflate; server_max_window_bits=12',
      'permessage-deflate; server_max_window_bits=10',
      { serverMaxWindowBits: 10 },
    ],
    ['permessage-deflate', 'permessage-deflate; server_max_window_bits=9', { serverMaxWindowBits: 9 }],
    ['permessage-deflate', 'permessage-deflate; server_no_context_takeover', { disableServerContextTakeover: true }],
  ])('answers the offer %p with %p for the options %p', (offer, header, options) => {
    expect(acceptDeflate(offer, { ...defaults, ...options })?.header).toBe(header);
  });

  it.each([undefined, ''])('declines the offer %p', (offer) => expect(acceptDeflate(offer, defaults)).toBeUndefined());

  it('returns the negotiated parameters', () => {
    expect(acceptDeflate('permessage-deflate; server_max_window_bits=11; client_max_window_bits=9', defaults)).toEqual({
      parameters: {
        serverNoContextTakeover: false,
        clientNoContextTakeover: false,
        serverMaxWindowBits: 11,
        clientMaxWindowBits: 9,
      },
      header: 'permessage-deflate; server_max_window_bits=11; client_max_window_bits=9',
    });
  });
});
