import { BlockList, isIP } from 'node:net';
import { hostOf, portOf } from './address.js';

/** The variables that name a proxy, by scheme. The first one that is set counts. */
const VARIABLES: Record<string, readonly string[]> = {
  'ws:': ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY'],
  'wss:': ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'],
};

/**
 * The environment variable that names the proxy for an address. There is no proxy for this machine, nor for the entries of
 * NO_PROXY: domains with their subdomains, IP addresses, networks such as 10.0.0.0/8, each with or without a port, or
 * `*` for all addresses.
 */
export function proxyVariable(url: URL, environment: NodeJS.ProcessEnv): string | undefined {
  const variable = VARIABLES[url.protocol]?.find((name) => environment[name]);
  const exceptions = (environment['no_proxy'] || environment['NO_PROXY'] || '').toLowerCase().split(/[\s,]+/);
  const isDirect = ['localhost', '127.0.0.0/8', '::1', ...exceptions].some((exception) => covers(exception, url));
  return isDirect ? undefined : variable;
}

function covers(exception: string, url: URL): boolean {
  const host = hostOf(url);
  const [, network, prefix] = /^([\d.a-f:]+)\/(\d{1,3})$/.exec(exception) ?? [];
  if (network !== undefined) {
    return isInNetwork(host, network, Number(prefix));
  }
  const [, place = exception, port] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(exception) ?? [];
  if (port !== undefined && Number(port) !== portOf(url)) {
    return false;
  }
  const name = place.replace(/^\[(.*)\]$/, '$1').replace(/^\*?\./, '');
  if (isIP(name) !== 0) {
    return isInNetwork(host, name, isIP(name) === 6 ? 128 : 32);
  }
  return place === '*' || host === name || (name !== '' && isIP(host) === 0 && host.endsWith(`.${name}`));
}

function isInNetwork(host: string, network: string, prefix: number): boolean {
  const version = isIP(network);
  if (version === 0 || isIP(host) !== version || prefix > (version === 6 ? 128 : 32)) {
    return false;
  }
  const family = version === 6 ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  list.addSubnet(network, prefix, family);
  return list.check(host, family);
}
