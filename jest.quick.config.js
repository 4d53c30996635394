import config from './jest.config.js';

/**
 * The tests of `npm run test:quick`: the units of the library, the configuration, the lab and the page, and a smoke test of
 * the built server, over each transport and in a browser. All but the smoke test start no process and no application.
 *
 * @type {import('jest').Config}
 */
export default {
  ...config,
  testMatch: [
    'client/page',
    'config',
    'e2e/smoke',
    'lab/{lab-clients,peer/*,script/{answer-handshake,read-script}}',
    'libs',
  ].map((part) => `<rootDir>/test/${part}{,/**/*}.spec.ts`),
  testPathIgnorePatterns: ['/(package|public-names|tune-for-large-messages)\\.spec\\.ts$'],
};
