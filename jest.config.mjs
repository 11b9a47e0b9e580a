/**
 * What is not for the stack that the tests run on: faults of another, specs that build one of their own, and long specs of what
 * does not depend on the stack.
 */
const notFor = {
  embedded: [
    '/test/faults/services/',
    '/test/faults/compose/',
    '/cache/redis.spec',
    '/product/product-version.spec',
    '/throttle/request-counts.spec',
    '/rabbitmq/alarm.spec',
    '/rabbitmq/connection-loss.spec',
    '/rabbitmq/missing-queue.spec',
  ],
  services: [
    '/standalone/',
    '/test/dev.spec',
    '/test/example-compilers.spec',
    '/test/faults/compose/',
    '/test/hostile-documents.spec',
  ],
  compose: [
    '/test/browser/',
    '/test/dev.spec',
    '/test/faults/services/',
    '/test/faults/standalone/',
    '/test/loads.spec',
    '/test/tracing',
  ],
};

export default {
  testEnvironment: 'node',
  testRunner: '<rootDir>/libs/testing/jest/test-runner.mts',
  testSequencer: '<rootDir>/libs/testing/jest/test-sequencer.mts',
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/test', '<rootDir>/tools'],
  testMatch: ['**/*.spec.ts'],
  testPathIgnorePatterns: [
    '/node_modules/',
    ...notFor[process.env.TEST_STACK || 'embedded'],
    // npm test says that it skips them if there is no browser.
    ...(process.env.TEST_BROWSER === '' ? ['/test/browser/'] : []),
  ],
  // Node loads the modules. Jest needs this to find the specs that depend on a file.
  moduleNameMapper: {
    '^@app/([^/]+)$': '<rootDir>/libs/$1/src/index.ts',
    '^@app/([^/]+)/(.+)$': '<rootDir>/libs/$1/src/$2.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {},
  setupFilesAfterEnv: ['<rootDir>/libs/testing/src/jest-setup.ts'],
  // Machines are slow and shared: a limit is there to end a hang, not to measure.
  testTimeout: 180_000,
};
