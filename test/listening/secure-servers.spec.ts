import { randomBytes } from 'node:crypto';
import { copyFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { SecureServers } from '../../src/listening/secure-servers.js';
import { makeCertificateFiles } from '../support/certificate.js';

describe('A TLS session', () => {
  const running: { readonly secure: SecureServers; readonly server: Server }[] = [];
  afterEach(() => {
    running.splice(0).forEach(({ secure, server }) => {
      server.close();
      secure.close();
    });
    jest.restoreAllMocks();
  });

  async function connectTo(port: number, session?: Buffer): Promise<TLSSocket> {
    // With TLS 1.3 the ticket comes after the handshake; the certificate is not the concern of this test.
    const socket = connect({ port, host: '127.0.0.1', session, maxVersion: 'TLSv1.2', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    return socket;
  }

  it('is resumed by another process with the same ticket keys, also when both have read a new certificate', async () => {
    const [{ cert, key }, others] = await Promise.all([makeCertificateFiles(), makeCertificateFiles()]);
    const ticketKeys = randomBytes(48);
    const ports: number[] = [];
    for (let i = 0; i < 2; i++) {
      const application = createServer();
      const settings = { tlsCert: cert, tlsKey: key, http2: false };
      const secure = await SecureServers.load(application, settings, { ticketKeys });
      const server = secure.create() as unknown as Server;
      running.push({ secure, server });
      await once(server.listen(0, '127.0.0.1'), 'listening');
      ports.push((server.address() as AddressInfo).port);
    }
    const first = await connectTo(ports[0]);
    const session = first.getSession();
    first.destroy();

    const second = await connectTo(ports[1], session);
    expect(second.isSessionReused()).toBe(true);
    second.destroy();

    let loaded = 0;
    const reloaded = new Promise<void>((resolve) => {
      jest.spyOn(Logger.prototype, 'log').mockImplementation(() => {
        loaded++;
        if (loaded === 2) {
          resolve();
        }
      });
    });
    await copyFile(others.key, key);
    await copyFile(others.cert, cert);
    process.emit('SIGHUP');
    await reloaded;

    const third = await connectTo(ports[0], session);
    const fourth = await connectTo(ports[1], third.getSession());
    expect([third, fourth].map((socket) => socket.isSessionReused())).toEqual([true, true]);
    third.destroy();
    fourth.destroy();
  });
});
