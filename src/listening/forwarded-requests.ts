import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { TrustedProxies } from 'nest-raw-websockets';

/**
 * Gives ordinary requests the client that WebSockets have: `ip`, `protocol` and `host` of Fastify's request are what trusted
 * proxies tell. The option `trustProxy` of Fastify is not used: it does not know the header `Forwarded`, nor a number of
 * proxies.
 */
export function believeTrustedProxies(app: NestFastifyApplication): void {
  const proxies = app.get(TrustedProxies);
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('onRequest', (request, _reply, done) => {
    const { address, scheme, host } = proxies.clientOf(request.raw);
    Object.defineProperties(request, {
      ip: { value: address },
      ...(scheme === undefined ? {} : { protocol: { value: scheme } }),
      ...(host === undefined ? {} : { host: { value: host } }),
    });
    done();
  });
}
