'use strict';

const base = require('../../jest.config');

/** @type {import('jest').Config} */
module.exports = {
  ...base,
  rootDir: '../..',
  roots: ['<rootDir>/tests/screenshots'],
  testMatch: ['<rootDir>/tests/screenshots/*.shots.ts'],
  maxWorkers: 1,
};
