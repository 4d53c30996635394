import { Logger } from '@nestjs/common';
import type { Server } from 'node:http';
import type { Http2Server } from 'node:http2';
import type { Socket } from 'node:net';
import { createServer, type SecureContextOptions, type Server as TlsServer, type TLSSocket } from 'node:tls';
import { readCertificate, watchCertificate, type Certificate } from './certificate.js';
import { developmentCertificate, howToTrust, type DevelopmentCertificate } from './development-certificate.js';
import { createHttp2Server } from './http2-server.js';

/** The options of https. Without `tlsCert` and `tlsKey` the development certificate is used. */
export interface TlsSettings {
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly xdgCacheHome?: string;
  readonly http2: boolean;
}

/** What several processes that serve the same addresses share. */
export interface SharedTls {
  /** The development certificate, if one is needed. */
  readonly developmentCertificate?: DevelopmentCertificate | undefined;
  /** The keys of session tickets, 48 bytes. With the same keys a client can resume its session at any of the processes. */
  readonly ticketKeys: Buffer;
}

/**
 * The TLS servers of an application. They pass HTTP/1.1 connections to the application's HTTP server, and HTTP/2
 * connections to a server beside it. The client chooses between the two in the TLS handshake (ALPN, RFC 7301).
 */
export class SecureServers {
  private readonly logger = new Logger('TLS');
  private readonly servers: TlsServer[] = [];
  /** The TCP connections, from the start of their TLS handshake. */
  private readonly sockets = new Set<Socket>();
  private readonly http2: Http2Server | undefined;
  private stopWatching = (): void => {};

  private constructor(
    private readonly application: Server,
    private certificate: Certificate,
    http2: boolean,
    private readonly ticketKeys: Buffer | undefined,
  ) {
    this.http2 = http2 ? createHttp2Server(application) : undefined;
  }

  /**
   * @throws CertificateError if the certificate cannot be used
   */
  static async load(
    application: Server,
    { tlsCert, tlsKey, xdgCacheHome, http2 }: TlsSettings,
    shared?: SharedTls,
  ): Promise<SecureServers> {
    if (tlsCert === undefined || tlsKey === undefined) {
      const { path, ...certificate } = shared?.developmentCertificate ?? (await developmentCertificate(xdgCacheHome));
      const secure = new SecureServers(application, certificate, http2, shared?.ticketKeys);
      secure.announce(path);
      return secure;
    }
    const files = { cert: tlsCert, key: tlsKey };
    const secure = new SecureServers(application, await readCertificate(files), http2, shared?.ticketKeys);
    secure.stopWatching = watchCertificate(files, () => void secure.reload(() => readCertificate(files)));
    return secure;
  }

  /** Creates a TLS server that does not listen yet. */
  create(): TlsServer {
    const { http2 } = this;
    const ALPNProtocols = http2 === undefined ? ['http/1.1'] : ['h2', 'http/1.1'];
    const options = { ...this.secureContext, ALPNProtocols, noDelay: true };
    const server = createServer(options, (socket: TLSSocket) => {
      if (http2 !== undefined && socket.alpnProtocol === 'h2') {
        http2.emit('connection', socket);
        return;
      }
      // As node:http creates its connections. Not earlier, because a TLS handshake needs both halves of the connection.
      // Not for HTTP/2, where streams are half-closed and connections are not.
      socket.allowHalfOpen = true;
      this.application.emit('connection', socket);
    });
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
    this.servers.push(server);
    return server;
  }

  /** Ends the remaining connections, such as those in the middle of a TLS handshake. */
  close(): void {
    this.stopWatching();
    this.sockets.forEach((socket) => socket.destroy());
  }

  private get secureContext(): SecureContextOptions {
    return { ...this.certificate, ticketKeys: this.ticketKeys };
  }

  private announce(path: string | undefined): void {
    this.logger.log(
      path === undefined
        ? 'The development certificate could not be saved, so each start makes a new one. TLS_CERT and TLS_KEY name another.'
        : `The development certificate for localhost is ${path}. ${howToTrust(path)}`,
    );
  }

  /** Uses a new certificate for new connections. If it cannot be used, the old one stays. Open connections stay. */
  private async reload(read: () => Promise<Certificate>): Promise<void> {
    try {
      const certificate = await read();
      if (certificate.cert === this.certificate.cert && certificate.key === this.certificate.key) {
        return;
      }
      this.certificate = certificate;
      this.servers.forEach((server) => server.setSecureContext(this.secureContext));
      this.logger.log('The new certificate is in use.');
    } catch (error) {
      this.logger.warn(`The certificate in use stays, because the new one cannot be used: ${(error as Error).message}`);
    }
  }
}
