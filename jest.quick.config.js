import config from './jest.config.js';

/**
 * The tests of `npm run test:quick`: those that start no other process and no browser, a smoke of each transport, and one
 * of the page.
 *
 * @type {import('jest').Config}
 */
export default {
  ...config,
  testMatch: [
    'client/console/display',
    'client/page',
    'config',
    'conformance/transports',
    'lab/{lab-clients,peer/*,script/*}',
    'page/smoke',
    'libs',
  ].map((part) => `<rootDir>/test/${part}{,/**/*}.spec.ts`),
  testPathIgnorePatterns: ['/(package|tune-for-large-messages)\\.spec\\.ts$'],
};
