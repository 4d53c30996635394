import cluster from 'node:cluster';
import { once, type EventEmitter } from 'node:events';
import { createServer, type AddressInfo, type ListenOptions, type Server, type Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { CONFIGURATION, type Configuration } from '../config/configuration.js';
import { formatAddress, isHttps, type DescriptorAddress, type ListenAddress } from '../config/listen-address.js';
import { http2OffNotice, NODE_RELEASE } from '../config/node-release.js';
import { CertificateError } from './certificate.js';
import { ProxyProtocol } from './proxy-protocol.js';
import { SecureServers, type SharedTls } from './secure-servers.js';
import { isSocketFile, removeSocketFileAtExit, removeStaleSocketFile } from './socket-file.js';

/** The application cannot listen on an address. The message is written for users. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

const reasons: Record<string, string> = {
  EADDRINUSE: 'it is already in use',
  EACCES: 'this user may not listen there',
  EPERM: 'this user may not listen there',
  EADDRNOTAVAIL: 'this machine has no such address',
  EAFNOSUPPORT: 'this machine has no such kind of address',
  EINVAL: 'it is not a socket that can listen',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name cannot be resolved',
};

const pathReasons: typeof reasons = {
  EADDRINUSE: 'another process listens there, or a file is there that is not a socket',
  EACCES: 'its folder does not exist, or this user may not write there',
};

/**
 * Listens on all addresses until the application is closed.
 *
 * Nest and Fastify listen on one address only. Each further address, each https address and each socket that is passed gets a
 * server of its own, which passes its connections to the HTTP server of the application, so that requests, upgrades, limits
 * and shutdown are the same on all addresses.
 *
 * @param app must not be initialized yet
 * @param sharedTls the same for all processes that serve these addresses
 * @returns the addresses as text, with the actual port in place of the port 0
 * @throws ListenError that names the address or the certificate at fault
 */
export async function listen(
  app: NestFastifyApplication,
  addresses: readonly ListenAddress[],
  sharedTls?: SharedTls,
): Promise<string[]> {
  const fastify = app.getHttpAdapter().getInstance();
  const { proxyProtocol } = app.get<Configuration>(CONFIGURATION);
  const secure = addresses.some(isHttps) ? await loadCertificate(app, sharedTls) : undefined;
  const proxies = proxyProtocol ? new ProxyProtocol() : undefined;
  const further: Server[] = [];
  const leaveFiles: (() => void)[] = [];
  fastify.addHook('preClose', (done) => {
    further.forEach((server) => server.close());
    proxies?.close();
    done();
  });
  fastify.addHook('onClose', async () => {
    secure?.close();
    await Promise.all(further.filter((server) => server.listening).map((server) => once(server, 'close')));
    leaveFiles.forEach((leave) => leave());
  });

  const openFurther = async (server: Server, place: Place): Promise<Server> => {
    await once(server.listen(place), 'listening');
    further.push(server);
    return server;
  };
  /** A server that hands each connection over, after its PROXY header if there has to be one. */
  const createFurther = (target: EventEmitter, allowHalfOpen: boolean): Server => {
    const handOver = (socket: Socket): unknown => target.emit('connection', socket);
    return createServer({ allowHalfOpen, noDelay: true }, (socket) => {
      if (proxies) {
        proxies.readHeader(socket, handOver);
      } else {
        handOver(socket);
      }
    });
  };
  const openHttp: Open = async (place) => {
    if (!fastify.server.listening && place.fd === undefined && !proxies) {
      await fastify.listen(place);
      return fastify.server;
    }
    // Half-open, as node:http creates its own connections.
    return openFurther(createFurther(fastify.server, true), place);
  };
  // Not half-open, because a TLS handshake needs both halves of the connection.
  const openHttps = (tls: Server, place: Place): Promise<Server> =>
    openFurther(proxies ? createFurther(tls, false) : tls, place);

  await app.init();
  await fastify.ready();
  const urls: string[] = [];
  for (const address of addresses) {
    const open: Open = secure && isHttps(address) ? (place) => openHttps(secure.create(), place) : openHttp;
    if (isSocketFile(address)) {
      await removeStaleSocketFile(address.path);
    }
    urls.push(
      await listenOn(address, open).catch((error: NodeJS.ErrnoException) => {
        const reason = { ...reasons, ...('path' in address && pathReasons) }[error.code ?? ''] ?? error.message;
        const instead = 'fd' in address ? '' : ' Choose another address with --urls, URLS or PORT.';
        throw new ListenError(`Cannot listen on ${formatAddress(address)}: ${reason}.${instead}`, { cause: error });
      }),
    );
    // With several workers the primary listens, and removes the file.
    if (isSocketFile(address) && !cluster.isWorker) {
      leaveFiles.push(removeSocketFileAtExit(address.path));
    }
  }
  if (!fastify.server.listening) {
    // Its connections come from other servers. From this event on, node:http applies its time-outs to their requests.
    fastify.server.emit('listening');
  }
  app.get(HttpAdapterHost).listening = true;
  return urls;
}

async function loadCertificate(app: NestFastifyApplication, sharedTls: SharedTls | undefined): Promise<SecureServers> {
  const configuration = app.get<Configuration>(CONFIGURATION);
  const notice = configuration.http2 ? undefined : http2OffNotice(NODE_RELEASE);
  if (notice !== undefined) {
    new Logger('TLS').log(notice);
  }
  return SecureServers.load(app.getHttpServer(), configuration, sharedTls).catch((error: unknown) => {
    throw error instanceof CertificateError ? new ListenError(error.message, { cause: error }) : error;
  });
}

/** Where a server listens. Node.js takes a file descriptor, too; the typings leave that out. */
type Place = ListenOptions & { readonly fd?: number };

type Open = (place: Place) => Promise<Server>;

/** Listens on one address. @returns the address as text */
async function listenOn(address: ListenAddress, open: Open): Promise<string> {
  if ('path' in address) {
    await open(address);
    return formatAddress(address);
  }
  if ('fd' in address) {
    return formatPassed(address, (await open({ fd: address.fd })).address());
  }
  const { scheme, host, port } = address;
  if (host === 'localhost') {
    return formatAddress({ scheme, host, port: addressOf(await openLocalhost(port, open)).port });
  }
  if (host === '*') {
    // Without a host, Node.js listens on all IPv6 and IPv4 addresses, or on IPv4 alone where there is no IPv6.
    const bound = addressOf(await open({ host: '', port }));
    return formatAddress({ scheme, host: bound.family === 'IPv6' ? '[::]' : '0.0.0.0', port: bound.port });
  }
  const server = await open({ host: host.replace(/^\[|\]$/g, ''), port });
  return formatAddress({ scheme, host, port: addressOf(server).port });
}

/** The address of a socket that was passed. Node.js does not tell the path of a Unix socket. */
function formatPassed(passed: DescriptorAddress, address: AddressInfo | string | null): string {
  if (typeof address !== 'object' || address === null) {
    return formatAddress(passed);
  }
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return formatAddress({ scheme: passed.scheme, host, port: address.port });
}

/** Listens on both addresses of `localhost`, because browsers may use either. A machine may have only one of them. */
async function openLocalhost(port: number, open: Open): Promise<Server> {
  const server = await open({ host: '127.0.0.1', port }).catch(unlessMissing);
  if (!server) {
    return open({ host: '::1', port });
  }
  await open({ host: '::1', port: addressOf(server).port }).catch(unlessMissing);
  return server;
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'EADDRNOTAVAIL' && error.code !== 'EAFNOSUPPORT') {
    throw error;
  }
}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new TypeError('This server does not listen on a port.');
  }
  return address;
}
