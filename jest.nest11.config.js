import config from './jest.config.js';

/** Where scripts/test-on-nest-11.mjs installs Nest 11. */
const nest11 = '<rootDir>/node_modules/.cache/nest-11/node_modules';

/**
 * The tests of `npm run test:nest11`: the library's, with Nest 11 instead of the version that is installed.
 *
 * @type {import('jest').Config}
 */
export default {
  ...config,
  testMatch: [
    'libs/websockets/{connection,handshake,nest,protocol}/**/*',
    'e2e/{controller,drain,gateway,gateway-options,gateway-scope,handshake,refusals,stock-gateway}',
  ].map((part) => `<rootDir>/test/${part}.spec.ts`),
  moduleNameMapper: {
    '^(@nestjs/(?:common|core|platform-express|platform-fastify|platform-ws|websockets)|reflect-metadata|rxjs)(/.*)?$': `${nest11}/$1$2`,
    ...config.moduleNameMapper,
  },
};
