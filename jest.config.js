import { mapPackages } from './test/support/packages.mjs';

/** Every kind of test is one Jest project, so that `npm run check` runs the unit tests alone. */
const base = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1', ...(await mapPackages()) },
  transformIgnorePatterns: ['/node_modules/', '/\\.cache/'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        sourceMaps: 'inline',
        module: { type: 'es6' },
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
        },
      },
    ],
  },
};

const project = (name, extra = {}) => ({
  ...base,
  displayName: name,
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  ...extra,
});

const withServices = {
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
  testEnvironment: '<rootDir>/test/support/lanes/lane-environment.mjs',
};

export default {
  testTimeout: 60_000,
  // Nearly every test waits in real time for a camera. How many of these run at once is told by what they take of the processor: test/support/lanes.
  maxWorkers: 6,
  // Of tests that may run side by side within a file.
  maxConcurrency: 4,
  // `npm run coverage` alone asks for it.
  collectCoverageFrom: ['<rootDir>/src/**/*.ts', '!<rootDir>/src/migrations/**'],
  coverageReporters: ['text-summary', 'lcov'],
  // A worker frees hundreds of MiB when it exits; where the processor is busy that takes more than Jest's half second. One that something keeps is still told.
  workerGracefulExitTimeout: 10_000,
  testSequencer: '<rootDir>/test/support/longest-first.mjs',
  projects: [
    project('unit'),
    project('contract'),
    project('medium', withServices),
    project('e2e', withServices),
    project('faults', withServices),
  ],
};
