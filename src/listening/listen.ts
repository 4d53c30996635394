import { once } from 'node:events';
import { createServer, type AddressInfo, type ListenOptions, type Server } from 'node:net';
import { Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { CONFIGURATION, type Configuration } from '../config/configuration.js';
import { formatAddress, isHttps, type ListenAddress } from '../config/listen-address.js';
import { http2OffNotice, NODE_RELEASE } from '../config/node-release.js';
import { CertificateError } from './certificate.js';
import type { DevelopmentCertificate } from './development-certificate.js';
import { SecureServers } from './secure-servers.js';

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
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name cannot be resolved',
};

/**
 * Listens on all addresses until the application is closed.
 *
 * Nest and Fastify listen on one address only. Each further address, and each https address, gets a server of its own, which
 * passes its connections to the HTTP server of the application, so that requests, upgrades, limits and shutdown are the
 * same on all addresses.
 *
 * @param app must not be initialized yet
 * @param certificate the development certificate, if the caller has it already
 * @returns the addresses as text, with the actual port in place of the port 0
 * @throws ListenError that names the address or the certificate at fault
 */
export async function listen(
  app: NestFastifyApplication,
  addresses: readonly ListenAddress[],
  certificate?: DevelopmentCertificate,
): Promise<string[]> {
  const fastify = app.getHttpAdapter().getInstance();
  const secure = addresses.some(isHttps) ? await loadCertificate(app, certificate) : undefined;
  const further: Server[] = [];
  fastify.addHook('preClose', (done) => {
    further.forEach((server) => server.close());
    done();
  });
  fastify.addHook('onClose', async () => {
    secure?.close();
    await Promise.all(further.filter((server) => server.listening).map((server) => once(server, 'close')));
  });

  const openFurther = async (server: Server, options: ListenOptions): Promise<Server> => {
    await once(server.listen(options), 'listening');
    further.push(server);
    return server;
  };
  const openHttp: Open = async (options) => {
    if (!fastify.server.listening) {
      await fastify.listen(options);
      return fastify.server;
    }
    // The options with which node:http creates its own listener.
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      fastify.server.emit('connection', socket);
    });
    return openFurther(server, options);
  };

  await app.init();
  await fastify.ready();
  const urls: string[] = [];
  for (const address of addresses) {
    const open: Open = secure && isHttps(address) ? (options) => openFurther(secure.create(), options) : openHttp;
    urls.push(
      await listenOn(address, open).catch((error: NodeJS.ErrnoException) => {
        const reason = reasons[error.code ?? ''] ?? error.message;
        throw new ListenError(
          `Cannot listen on ${formatAddress(address)}: ${reason}. Choose another address with --urls, URLS or PORT.`,
          { cause: error },
        );
      }),
    );
  }
  if (!fastify.server.listening) {
    // Its connections come from other servers. From this event on, node:http applies its time-outs to their requests.
    fastify.server.emit('listening');
  }
  app.get(HttpAdapterHost).listening = true;
  return urls;
}

async function loadCertificate(
  app: NestFastifyApplication,
  certificate: DevelopmentCertificate | undefined,
): Promise<SecureServers> {
  const configuration = app.get<Configuration>(CONFIGURATION);
  const notice = configuration.http2 ? undefined : http2OffNotice(NODE_RELEASE);
  if (notice !== undefined) {
    new Logger('TLS').log(notice);
  }
  return SecureServers.load(app.getHttpServer(), configuration, certificate).catch((error: unknown) => {
    throw error instanceof CertificateError ? new ListenError(error.message, { cause: error }) : error;
  });
}

type Open = (options: ListenOptions) => Promise<Server>;

/** Listens on one address. @returns the address as text */
async function listenOn(address: ListenAddress, open: Open): Promise<string> {
  if ('path' in address) {
    await open(address);
    return formatAddress(address);
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
