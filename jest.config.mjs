/** What is not for the stack that the tests run on: faults of another, and specs that build one of their own. */
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
  services: ['/standalone/', '/test/dev.spec', '/test/faults/compose/'],
  compose: [
    '/test/dev.spec',
    '/test/faults/services/',
    '/test/faults/standalone/',
    '/test/loads.spec',
    '/test/tracing',
  ],
};

/** Native ES modules: run as `node --experimental-vm-modules node_modules/jest/bin/jest.js` (npm test does). */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/test', '<rootDir>/tools'],
  testMatch: ['**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', ...notFor[process.env.TEST_STACK || 'embedded']],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^@app/([^/]+)$': '<rootDir>/libs/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
        },
        module: { type: 'es6' },
      },
    ],
  },
  // Also loads @nestjs/common before the CommonJS package @willsoto/nestjs-prometheus can require it half loaded.
  setupFiles: ['<rootDir>/libs/testing/src/jest-setup.ts'],
  // Machines are slow and shared: a limit is there to end a hang, not to measure.
  testTimeout: 180_000,
};
