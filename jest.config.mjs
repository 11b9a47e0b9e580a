/** Native ES modules: run as `node --experimental-vm-modules node_modules/jest/bin/jest.js` (npm test does). */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  // What is killed is either of these; all else in test/ is the same for both.
  testPathIgnorePatterns: [
    '/node_modules/',
    process.env.TEST_STACK === 'services' ? '/test/faults/standalone/' : '/test/faults/services/',
  ],
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
  testTimeout: 60_000,
};
