'use strict';

const base = require('../../jest.config');

process.env.CRASH_ROUNDS ??= '50'; // the workers inherit it

/** @type {import('jest').Config} */
module.exports = {
  ...base,
  rootDir: '../..',
  roots: ['<rootDir>/tests'],
  testMatch: ['<rootDir>/tests/soak/*.soak.ts', '<rootDir>/tests/reliability/*crash*.test.ts'],
  maxWorkers: 1, // one after the other, for the figures' sake
};
