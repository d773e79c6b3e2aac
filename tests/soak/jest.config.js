'use strict';

const base = require('../../jest.config');

/** @type {import('jest').Config} */
module.exports = {
  ...base,
  rootDir: '../..',
  roots: ['<rootDir>/tests/soak'],
  testMatch: ['<rootDir>/tests/soak/*.soak.ts'],
  maxWorkers: 1, // one after the other, for the figures' sake
};
