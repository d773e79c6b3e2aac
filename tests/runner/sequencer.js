'use strict';

const { default: Sequencer } = require('@jest/test-sequencer');
const { startsProcesses } = require('./process-starters');

/**
 * Starts with what takes longest, so that no long file is left for the end. jest knows the times of an earlier run on this
 * machine; without them, files that start processes come first, for they wait most of their time.
 */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const sorted = super.sort([...tests]);
    const isUnknown = (test) => test.duration === undefined && startsProcesses(test.path);
    return [...sorted.filter(isUnknown), ...sorted.filter((test) => !isUnknown(test))];
  }
};
