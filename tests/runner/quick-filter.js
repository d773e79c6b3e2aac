'use strict';

const { startsProcesses } = require('./process-starters');

/** The test files that `npm run test:quick` runs, for jest's `--filter`: those that start no process. */
module.exports = (files) => ({ filtered: files.filter((file) => !startsProcesses(file)) });
