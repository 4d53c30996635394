import { closeApps, startApp } from '../support/start-app.js';

afterEach(closeApps);

describe('An ordinary request', () => {
  it.each([
    ['trusted', 'loopback', { ip: '1.1.1.1', protocol: 'https', hostname: 'a.com', port: 81 }],
    ['not trusted', '10.0.0.1', { ip: '127.0.0.1', protocol: 'http', hostname: '127.0.0.1' }],
  ])('has the address, scheme and host from a proxy that is %s', async (_which, trusted, client) => {
    const { url } = await startApp({ TRUST_PROXY: trusted }, (app) => {
      const fastify = app.getHttpAdapter().getInstance();
      fastify.get('/client', async ({ ip, protocol, hostname, port }) => ({ ip, protocol, hostname, port }));
    });

    const headers = {
      Forwarded: 'for=1.1.1.1;proto=https',
      'X-Forwarded-For': '1.1.1.1',
      'X-Forwarded-Host': 'a.com:81',
    };
    const response = await fetch(`${url}/client`, { headers });

    await expect(response.json()).resolves.toMatchObject(client);
  });
});
