import config from './jest.config.js';

/**
 * The tests of `npm run test:nest11`: those of the library, with the NestJS 11 that the script has installed.
 *
 * @type {import('jest').Config}
 */
export default {
  ...config,
  testMatch: ['libs/websockets/{nest,handshake,connection}/*', 'e2e/{gateway*,stock-gateway,controller}'].map(
    (part) => `<rootDir>/test/${part}.spec.ts`,
  ),
  moduleNameMapper: {
    ...config.moduleNameMapper,
    '^@nestjs/(.*)$': '<rootDir>/node_modules/.cache/nest-11/node_modules/@nestjs/$1',
  },
};
