import { SourceTextModule } from 'node:vm';

// @fastify/static require()s this ES module. Node.js can do that; Jest can from Node.js 24.9 on, which has `hasAsyncGraph`,
// and before that gets it as CommonJS.
const jestRequiresModules = 'hasAsyncGraph' in (SourceTextModule?.prototype ?? {});
const contentDisposition = jestRequiresModules
  ? {}
  : {
      '/node_modules/content-disposition/': ['@swc/jest', { jsc: { target: 'es2023' }, module: { type: 'commonjs' } }],
    };

/** As tsconfig.json has it for `tsc`. */
const swcOptions = {
  jsc: {
    target: 'es2023',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: true },
  },
  module: { type: 'es6' },
};

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  // Jest would leave one core idle.
  maxWorkers: '100%',
  // No test asserts on time; this ends one that hangs, on a machine that may be slow and busy.
  testTimeout: 30_000,
  roots: ['<rootDir>/test'],
  cacheDirectory: '<rootDir>/node_modules/.cache/jest',
  extensionsToTreatAsEsm: ['.ts'],
  testSequencer: '<rootDir>/test/support/sequencer.js',
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^nest-raw-websockets$': '<rootDir>/libs/websockets/src/index.ts',
    '^nest-raw-websockets/testing$': '<rootDir>/libs/websockets/src/testing/index.ts',
    '^nest-ws-echo-client$': '<rootDir>/client/console/src/command.ts',
    '^nest-ws-echo-client/amounts$': '<rootDir>/client/console/src/amounts.ts',
  },
  transform: {
    // Types are checked once, by `npm run typecheck`; swc only transpiles.
    '^.+\\.ts$': ['@swc/jest', swcOptions],
    ...contentDisposition,
  },
  transformIgnorePatterns: ['/node_modules/(?!content-disposition/)'],
};
