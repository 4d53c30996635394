import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP, isIPv4, isIPv6, SocketAddress } from 'node:net';
import { isHost } from './host.js';

/**
 * The proxies whose `Forwarded` and `X-Forwarded-For/-Proto/-Host` are believed: their number, or their addresses, as a list
 * or separated by commas.
 */
export type TrustProxy = number | string | readonly string[];

/** The client of a request. */
export interface ForwardedClient {
  /**
   * Its address, as `192.0.2.1` or `2001:db8::1`, without a port. An IPv4-mapped IPv6 address is the IPv4 address. `unix` for
   * the peer of a Unix socket or a named pipe. Empty if the connection was lost before its address was read.
   */
  readonly address: string;
  /** The addresses of the trusted proxies in between, that of the peer of the connection first. Undefined without any. */
  readonly proxies?: readonly string[];
  /** The scheme of the client's own request. Undefined where no trusted proxy tells it. */
  readonly scheme?: 'http' | 'https';
  /** The host of the client's own request, with its port. Undefined where no trusted proxy tells it. */
  readonly host?: string;
}

/** What is read of a request, of HTTP/1.1 or HTTP/2. */
export interface ForwardedRequest {
  readonly headers: IncomingHttpHeaders;
  readonly socket: { readonly remoteAddress?: string; readonly localAddress?: string; readonly destroyed?: boolean };
}

/** What one proxy tells about the request that it got. */
type Hop = Partial<ForwardedClient>;

/** Names for several ranges, as in Express and Fastify. */
const RANGES: ReadonlyMap<string, readonly string[]> = new Map([
  ['loopback', ['127.0.0.0/8', '::1/128']],
  ['linklocal', ['169.254.0.0/16', 'fe80::/10']],
  ['uniquelocal', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']],
]);

/** The address of a peer that has none: that of a Unix socket or of a named pipe. */
const UNIX = 'unix';

/** What `trustProxy` may be, for errors. */
export const ACCEPTED_TRUST_PROXY =
  'the number of proxies, or their addresses: 192.0.2.1, 10.0.0.0/8, 2001:db8::/32, "loopback", "linklocal", ' +
  '"uniquelocal" or "unix", in a list or separated by ","';

/** Whether `value` is a `TrustProxy`. */
export function isTrustProxy(value: unknown): value is TrustProxy {
  return typeof value === 'number'
    ? Number.isSafeInteger(value) && value >= 0
    : (typeof value === 'string' || (Array.isArray(value) && value.every((entry) => typeof entry === 'string'))) &&
        rangesOf(value as string | readonly string[]).every(
          (range) => range === UNIX || parseRange(range) !== undefined,
        );
}

/**
 * The proxies in front of the application that are believed, from the option `trustProxy` of `WebSocketsModule`. Inject it
 * to know the client of an ordinary request, too.
 */
export class TrustedProxies {
  private readonly hops: number;
  private readonly addresses = new BlockList();
  private readonly trustsAddresses: boolean;
  private readonly trustsUnix: boolean;

  constructor(trustProxy: TrustProxy) {
    const ranges = typeof trustProxy === 'number' ? [] : rangesOf(trustProxy);
    this.hops = typeof trustProxy === 'number' ? trustProxy : 0;
    this.trustsAddresses = ranges.some((range) => range !== UNIX);
    this.trustsUnix = ranges.includes(UNIX);
    for (const range of ranges) {
      const parsed = parseRange(range);
      if (parsed !== undefined) {
        this.addresses.addSubnet(...parsed);
      }
    }
  }

  /**
   * The client of a request: the first address behind the trusted proxies, and what they tell about its request. Headers of
   * a peer that is not a trusted proxy, and malformed ones, are not believed. Where `Forwarded` and `X-Forwarded-*` contradict
   * each other, neither is believed: most proxies set one of them and pass on what a client forged in the other.
   */
  clientOf({ headers, socket }: ForwardedRequest): ForwardedClient {
    const peer = addressOfPeer(socket);
    if (socket.destroyed || peer === '' || !this.trusts(peer, 0)) {
      return { address: peer };
    }
    const one = this.believed(forwardedHops(textOf(headers.forwarded)));
    const other = this.believed(xForwardedHops(headers));
    const address = agreed(one.address, other.address);
    const { passed } = one.address === undefined ? other : one;
    return {
      address: address ?? peer,
      proxies: address === undefined ? undefined : [peer, ...passed],
      scheme: agreed(one.scheme, other.scheme),
      host: agreed(one.host, other.host),
    };
  }

  /** Whether an address is that of a trusted proxy. The peer of the connection has the number 0, the client before it 1. */
  private trusts(address: string, hop: number): boolean {
    if (hop < this.hops) {
      return true;
    }
    if (address === UNIX) {
      return this.trustsUnix;
    }
    // A check takes longer than the rest of what is known of a client, so there is none where no address is trusted.
    return this.trustsAddresses && this.addresses.check(address.replace(/%.*/, ''), isIPv4(address) ? 'ipv4' : 'ipv6');
  }

  /** What trusted proxies tell, and which of them it passed. The first hop is that of the peer, which is one. */
  private believed(hops: Iterable<Hop>): Hop & { passed: readonly string[] } {
    let client: Hop = {};
    const passed: string[] = [];
    let number = 0;
    for (const { address, scheme, host } of hops) {
      number++;
      if (address !== undefined && client.address !== undefined) {
        passed.push(client.address);
      }
      client = {
        address: address ?? client.address,
        scheme: scheme ?? client.scheme,
        host: host ?? client.host,
      };
      if (address === undefined || !this.trusts(address, number)) {
        break;
      }
    }
    return { ...client, passed };
  }
}

/** A TCP connection that the peer has reset has no remote address any more. Only a Unix socket has no local address either. */
function addressOfPeer(socket: ForwardedRequest['socket']): string {
  const { remoteAddress } = socket;
  if (remoteAddress !== undefined) {
    return canonicalAddress(remoteAddress) ?? '';
  }
  return socket.destroyed || socket.localAddress !== undefined ? '' : UNIX;
}

function rangesOf(trustProxy: string | readonly string[]): string[] {
  return [trustProxy]
    .flat()
    .flatMap((text) => text.split(','))
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .flatMap((entry) => RANGES.get(entry) ?? [entry]);
}

/** The arguments of `BlockList.addSubnet`; undefined for what is not an address with or without a prefix length. */
function parseRange(range: string): [address: string, prefix: number, family: 'ipv4' | 'ipv6'] | undefined {
  const [, text, length] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(range) ?? [];
  const address = text === undefined || text.includes('%') || isIP(text) === 0 ? undefined : text;
  if (address === undefined) {
    return undefined;
  }
  const bits = isIPv4(address) ? 32 : 128;
  const prefix = Number(length ?? bits);
  return prefix > bits ? undefined : [address, prefix, bits === 32 ? 'ipv4' : 'ipv6'];
}

/** An address in the one form that is compared; undefined for what is not an address. */
function canonicalAddress(text: string): string | undefined {
  if (isIPv4(text)) {
    return text;
  }
  if (!isIPv6(text)) {
    return undefined;
  }
  if (text.includes('%')) {
    return text;
  }
  const { address } = new SocketAddress({ address: text, family: 'ipv6' });
  const mapped = address.replace(/^::ffff:/, '');
  return isIPv4(mapped) ? mapped : address;
}

/** What is the same in both headers, or in one of them alone. */
function agreed<Value>(one: Value | undefined, other: Value | undefined): Value | undefined {
  return one === undefined || other === undefined || one === other ? (one ?? other) : undefined;
}

/** The lines of a header as one list. */
function textOf(header: string | string[] | undefined): string {
  return [header ?? []].flat().join(',');
}

/** A token or a quoted string (RFC 9110 section 5.6), with a name before it. */
const PARAMETER = /^([\w!#$%&'*+.^`|~-]+)=(?:([\w!#$%&'*+.^`|~-]+)|"((?:[^"\\]|\\.)*)")$/;

/** An address of `Forwarded`, IPv6 in brackets, with a port or without (RFC 7239 section 6). */
const FORWARDED_NODE = /^(?:([\d.]+)|\[([^\]]+:[^\]]+)\])(?::(?:\d{1,5}|_[\w.-]+))?$/;

/**
 * The hops of a `Forwarded` header (RFC 7239 section 4), from the last to the first, up to a malformed one: clients can send
 * what they like before what a proxy adds. Of an `unknown` or obfuscated client there is no address.
 */
function* forwardedHops(header: string): Iterable<Hop> {
  for (const element of partsFromTheEnd(header, ',')) {
    const parameters = new Map<string, string>();
    for (const pair of partsFromTheEnd(element, ';')) {
      const [, name, token, quoted] = PARAMETER.exec(pair) ?? [];
      if (name === undefined || parameters.has(name.toLowerCase())) {
        return;
      }
      parameters.set(name.toLowerCase(), token ?? quoted.replaceAll(/\\(.)/g, '$1'));
    }
    const [, ipv4, ipv6] = FORWARDED_NODE.exec(parameters.get('for') ?? '') ?? [];
    yield {
      address: canonicalAddress(ipv4 ?? ipv6 ?? ''),
      scheme: schemeOf(parameters.get('proto')),
      host: hostOf(parameters.get('host')),
    };
  }
}

/** The hops of `X-Forwarded-For`, `-Proto` and `-Host`, from the last to the first. A proxy may set some of them. */
function* xForwardedHops(headers: IncomingHttpHeaders): Iterable<Hop> {
  const [addresses, schemes, hosts] = ['for', 'proto', 'host'].map((name) =>
    partsFromTheEnd(textOf(headers[`x-forwarded-${name}`]), ','),
  );
  for (let i = 0; i < Math.max(addresses.length, schemes.length, hosts.length); i++) {
    yield { address: addressOf(addresses[i] ?? ''), scheme: schemeOf(schemes[i]), host: hostOf(hosts[i]) };
  }
}

/** The address of an entry of `X-Forwarded-For`. Some proxies add the port, to an IPv6 address in brackets. */
function addressOf(entry: string): string | undefined {
  const [, ipv4, ipv6] = FORWARDED_NODE.exec(entry) ?? [];
  return canonicalAddress(ipv4 ?? ipv6 ?? entry);
}

/** Of a WebSocket, some proxies tell `wss`. */
function schemeOf(text: string | undefined): Hop['scheme'] {
  const scheme = text?.toLowerCase().replace(/^ws/, 'http');
  return scheme === 'http' || scheme === 'https' ? scheme : undefined;
}

function hostOf(text: string | undefined): string | undefined {
  return text !== undefined && text !== '' && isHost(text) ? text : undefined;
}

/**
 * The parts of a text, from the last to the first, without empty ones. Quotes are read from the end as well, so that a quote
 * that a client left open takes nothing from what proxies add behind it. The part with that quote is left out.
 */
function partsFromTheEnd(text: string, separator: string): string[] {
  const parts: string[] = [];
  let end = text.length;
  let isQuoted = false;
  for (let i = end - 1; i >= 0; i--) {
    if (text[i] === '"' && text[i - 1] !== '\\') {
      isQuoted = !isQuoted;
    } else if (text[i] === separator && !isQuoted) {
      parts.push(text.slice(i + 1, end).trim());
      end = i;
    }
  }
  return [...parts, isQuoted ? '' : text.slice(0, end).trim()].filter((part) => part !== '');
}
