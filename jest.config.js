'use strict';

const { availableParallelism } = require('node:os');

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: '<rootDir>/tests/runner/environment.ts',
  testRunner: '<rootDir>/tests/runner/run-file.ts',
  roots: ['<rootDir>/tests', '<rootDir>/src'], // src too, or watch mode would not see it change
  testMatch: ['<rootDir>/tests/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  // swc only drops the types; `npm run check:types` checks them.
  transform: {
    '\\.tsx?$': [
      '@swc/jest',
      {
        swcrc: false,
        jsc: {
          parser: { syntax: 'typescript', tsx: true },
          transform: { react: { runtime: 'automatic', importSource: 'hono/jsx' } },
          target: 'es2022',
          keepClassNames: true,
        },
        module: { type: 'commonjs' },
      },
    ],
  },
  globalSetup: '<rootDir>/tests/helpers/global-setup.ts',
  globalTeardown: '<rootDir>/tests/helpers/global-teardown.ts',
  // Ends what hangs, and says nothing of speed: the machine may be busy with something else.
  testTimeout: 900_000,
  testSequencer: '<rootDir>/tests/runner/sequencer.js',
  maxWorkers: Math.ceil(availableParallelism() * 1.5), // where a file waits, another works; jest takes '150%' for 150
};
