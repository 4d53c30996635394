import * as ws from 'ws';

/** How a server compresses, as ASP.NET Core's `WebSocketDeflateOptions` has it. */
export interface DeflateOptions {
  /** Whether the server forgets the window after each message: less memory, worse compression. */
  readonly disableServerContextTakeover: boolean;
  /** The base-2 logarithm of the server's window, 9 to 15. */
  readonly serverMaxWindowBits: number;
}

/** What both sides agreed on (RFC 7692 section 7.1). */
export interface DeflateParameters {
  readonly serverNoContextTakeover: boolean;
  readonly clientNoContextTakeover: boolean;
  readonly serverMaxWindowBits: number;
  readonly clientMaxWindowBits: number;
}

/** An agreement, with the header that tells the client of it. */
export interface AcceptedDeflate {
  readonly parameters: DeflateParameters;
  /** The value of `Sec-WebSocket-Extensions`. */
  readonly header: string;
}

const NAME = 'permessage-deflate';
/** The smallest window, as its base-2 logarithm. The RFC allows 8, but zlib does not support it. */
export const MIN_WINDOW_BITS = 9;
const MAX_WINDOW_BITS = 15;

/** An offer's parameters: of each name the values that it came with, `true` where it came without one. */
type Offer = Readonly<Record<string, readonly (string | true)[]>>;

/** `ws` parses the header's grammar (RFC 6455 section 9.1). Its typings leave that out. */
const { extension } = ws as unknown as { extension: { parse(header: string): Record<string, Offer[]> } };

/**
 * Takes the first acceptable offer of a client (RFC 7692 section 5), or none: then the connection is not compressed. An
 * offer with a parameter that is unknown, given twice or has a wrong value is not acceptable; a header that breaks
 * the grammar has none.
 *
 * @param header the client's `Sec-WebSocket-Extensions`
 */
export function acceptDeflate(header: string | undefined, options: DeflateOptions): AcceptedDeflate | undefined {
  for (const offer of offersIn(header)) {
    const accepted = acceptOffer(offer, options);
    if (accepted !== undefined) {
      return accepted;
    }
  }
  return undefined;
}

function offersIn(header: string | undefined): readonly Offer[] {
  try {
    return extension.parse(header ?? '')[NAME] ?? [];
  } catch {
    return [];
  }
}

function acceptOffer(offer: Offer, options: DeflateOptions): AcceptedDeflate | undefined {
  let serverNoContextTakeover = options.disableServerContextTakeover;
  let { serverMaxWindowBits } = options;
  let clientNoContextTakeover = false;
  let clientMaxWindowBits: number | undefined;

  for (const [name, values] of Object.entries(offer)) {
    const [value] = values;
    if (values.length > 1) {
      return undefined;
    }
    switch (name) {
      case 'server_no_context_takeover':
        serverNoContextTakeover = true;
        break;
      case 'client_no_context_takeover':
        clientNoContextTakeover = true;
        break;
      case 'server_max_window_bits':
        serverMaxWindowBits = Math.min(serverMaxWindowBits, windowBits(value));
        break;
      case 'client_max_window_bits':
        // Without a value it says that the client would obey one; no client has to be limited.
        clientMaxWindowBits = value === true ? MAX_WINDOW_BITS : windowBits(value);
        break;
      default:
        return undefined;
    }
    if (name.endsWith('_no_context_takeover') && value !== true) {
      return undefined;
    }
  }
  if (Number.isNaN(serverMaxWindowBits) || Number.isNaN(clientMaxWindowBits)) {
    return undefined;
  }

  const header = [NAME];
  if (serverNoContextTakeover) {
    header.push('server_no_context_takeover');
  }
  if (clientNoContextTakeover) {
    header.push('client_no_context_takeover');
  }
  if (offer['server_max_window_bits'] !== undefined || serverMaxWindowBits < MAX_WINDOW_BITS) {
    header.push(`server_max_window_bits=${serverMaxWindowBits}`);
  }
  if (clientMaxWindowBits !== undefined) {
    header.push(`client_max_window_bits=${clientMaxWindowBits}`);
  }
  return {
    parameters: {
      serverNoContextTakeover,
      clientNoContextTakeover,
      serverMaxWindowBits,
      clientMaxWindowBits: clientMaxWindowBits ?? MAX_WINDOW_BITS,
    },
    header: header.join('; '),
  };
}

/** NaN for what is not a window size. */
function windowBits(value: string | true): number {
  return typeof value === 'string' && /^(9|1[0-5])$/.test(value) ? Number(value) : NaN;
}
