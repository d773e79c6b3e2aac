'use strict';

const { existsSync, readFileSync } = require('node:fs');
const path = require('node:path');

/*
 * The test files that start processes: servers, commands, browsers, their own Postgres. They are found by their imports,
 * and by those of the helpers that they import, so that nobody has to keep a list.
 */

/** Modules that start a process. */
const STARTERS = [
  'child_process',
  'node:child_process',
  'node:cluster',
  'playwright-core',
  'embedded/embedded-postgres',
  'embedded/postmaster',
];

const IMPORT = /^(?:import|export)\s+(?!type\b)[^;]*?from\s+'([^']+)'|^import\s+'([^']+)'/gm;

const TESTS = path.resolve(__dirname, '..') + path.sep;
const answers = new Map();

function importsOf(file) {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(IMPORT)].map(([, from, bare]) => from ?? bare);
}

function resolve(file, specifier) {
  const target = path.resolve(path.dirname(file), specifier);
  return [`${target}.ts`, `${target}.tsx`].find((candidate) => existsSync(candidate));
}

/**
 * Whether a test file starts processes, by itself or through a helper.
 *
 * @param {string} file
 * @returns {boolean}
 */
function startsProcesses(file) {
  const known = answers.get(file);
  if (known !== undefined) return known;
  answers.set(file, false); // files may import each other
  const answer = importsOf(file).some((specifier) => {
    if (STARTERS.some((starter) => specifier.endsWith(starter))) return true;
    const target = specifier.startsWith('.') ? resolve(file, specifier) : undefined;
    return target?.startsWith(TESTS) === true && startsProcesses(target);
  });
  answers.set(file, answer);
  return answer;
}

module.exports = { startsProcesses };
