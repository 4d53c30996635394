import { Controller, Get } from '@nestjs/common';
import { handshakeTransports, type HandshakeApp } from '../support/handshake-transports.js';
import { endHttp2Clients } from '../support/http2-client.js';
import { endRawClients, type Headers } from '../support/raw-client.js';

@Controller('page')
class PageController {
  @Get()
  get(): string {
    return 'page';
  }
}

describe.each(handshakeTransports)('Over %s, an ordinary request', (name, start) => {
  let nest: HandshakeApp;

  beforeAll(async () => {
    nest = await start({ controllers: [PageController] });
  });
  afterEach(async () => {
    await endRawClients();
    await endHttp2Clients();
  });
  afterAll(async () => {
    await nest.app.close();
    expect(nest.logger.alarms).toEqual([]);
  });

  it.each(['localhost', 'example.com:80', '[::1]:5000'])('with the host %j is answered', async (host) => {
    expect(await nest.get('/page', { Host: host })).toEqual({ status: 200, body: 'page' });
  });

  // nghttp2 itself rejects an :authority with other characters, and accepts only one Host.
  const onlyOverHttp1: Headers[] = name.includes('HTTP/2')
    ? []
    : [{ Host: 'user@localhost' }, { Host: 'local host' }, { Host: ['localhost', 'localhost'] }];

  it.each<Headers>([{ Host: '[::1' }, { Host: 'localhost:port' }, ...onlyOverHttp1])(
    'with %j is answered with 400, for a route and for other paths',
    async (headers) => {
      for (const path of ['/page', '/nowhere']) {
        const { status, body } = await nest.get(path, headers);
        expect(status).toBe(400);
        expect(JSON.parse(body)).toEqual({
          statusCode: 400,
          message: expect.stringMatching(/^(?:Host|:authority) is ".*"; one host is accepted/) as string,
          error: 'Bad Request',
        });
      }
    },
  );
});
