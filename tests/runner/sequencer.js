'use strict';

const { default: Sequencer } = require('@jest/test-sequencer');
const { startsProcesses } = require('./process-starters');

/**
 * Starts with the slowest files, so that none of them is left for the end. jest knows the times of an earlier run on this
 * machine. Without them, files that start processes come first, because they wait most of their time.
 */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const sorted = super.sort([...tests]);
    const isUnknown = (test) => test.duration === undefined && startsProcesses(test.path);
    return [...sorted.filter(isUnknown), ...sorted.filter((test) => !isUnknown(test))];
  }
};
