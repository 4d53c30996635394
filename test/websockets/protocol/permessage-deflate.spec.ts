import { acceptDeflate, type DeflateOptions } from '../../../src/websockets/protocol/permessage-deflate.js';

const defaults: DeflateOptions = { disableServerContextTakeover: false, serverMaxWindowBits: 15 };

describe('acceptDeflate', () => {
  it.each<[string, string, Partial<DeflateOptions>]>([
    ['permessage-deflate', 'permessage-deflate', {}],
    ['permessage-deflate; client_max_window_bits', 'permessage-deflate; client_max_window_bits=15', {}],
    ['permessage-deflate; client_max_window_bits=10', 'permessage-deflate; client_max_window_bits=10', {}],
    ['permessage-deflate; server_max_window_bits=10', 'permessage-deflate; server_max_window_bits=10', {}],
    ['permessage-deflate; server_max_window_bits=15', 'permessage-deflate; server_max_window_bits=15', {}],
    [
      'permessage-deflate; server_max_window_bits=12',
      'permessage-deflate; server_max_window_bits=10',
      { serverMaxWindowBits: 10 },
    ],
    ['permessage-deflate', 'permessage-deflate; server_max_window_bits=9', { serverMaxWindowBits: 9 }],
    ['permessage-deflate; server_no_context_takeover', 'permessage-deflate; server_no_context_takeover', {}],
    ['permessage-deflate; client_no_context_takeover', 'permessage-deflate; client_no_context_takeover', {}],
    ['permessage-deflate', 'permessage-deflate; server_no_context_takeover', { disableServerContextTakeover: true }],
    ['x-webkit-deflate-frame, permessage-deflate', 'permessage-deflate', {}],
    ['permessage-deflate; server_max_window_bits="11"', 'permessage-deflate; server_max_window_bits=11', {}],
    ['permessage-deflate; nonsense, permessage-deflate', 'permessage-deflate', {}],
    [
      'permessage-deflate; server_max_window_bits=8, permessage-deflate; client_no_context_takeover',
      'permessage-deflate; client_no_context_takeover',
      {},
    ],
  ])('answers the offer %p with %p, given %p', (offer, header, options) => {
    expect(acceptDeflate(offer, { ...defaults, ...options })?.header).toBe(header);
  });

  it.each([
    [undefined],
    [''],
    ['permessage-bzip2'],
    ['permessage-deflate; unknown'],
    ['permessage-deflate; server_max_window_bits'],
    ['permessage-deflate; server_max_window_bits=8'],
    ['permessage-deflate; server_max_window_bits=16'],
    ['permessage-deflate; server_max_window_bits=010'],
    ['permessage-deflate; server_max_window_bits=1x'],
    ['permessage-deflate; client_max_window_bits=8'],
    ['permessage-deflate; client_max_window_bits=16'],
    ['permessage-deflate; client_max_window_bits=-10'],
    ['permessage-deflate; server_no_context_takeover=true'],
    ['permessage-deflate; client_no_context_takeover; client_no_context_takeover'],
    ['permessage-deflate; server_max_window_bits=10; server_max_window_bits=10'],
    ['permessage-deflate;;'],
    ['permessage-deflate; a="unclosed'],
  ])('declines the offer %p', (offer) => expect(acceptDeflate(offer, defaults)).toBeUndefined());

  it('tells what was agreed on', () => {
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
