import { createRequire } from 'node:module';
import path from 'node:path';
import type { Config } from 'jest';
import { EXERCISED_OPERATIONS } from './exercised-operations';
import type * as Operations from './operations';
import { closeRunFolder } from './run-folder';

/** What jest tells of the run; of its type, `testPathPatterns` is missing. */
type Run = Pick<Config, 'filter' | 'findRelatedTests' | 'onlyChanged'> & {
  readonly testPathPatterns: { readonly patterns: readonly string[] };
  readonly testNamePattern?: string;
  readonly shard?: object;
  readonly watch: boolean;
  readonly watchAll: boolean;
};

/** Only a run of all tests can say that something is never exercised. */
function isFull(run: Run): boolean {
  const isNarrowed = [run.findRelatedTests, run.onlyChanged, run.watch, run.watchAll].includes(true);
  const isNamed =
    run.filter !== undefined || run.testPathPatterns.patterns.length > 0 || (run.testNamePattern ?? '') !== '';
  return !isNarrowed && !isNamed && run.shard === undefined;
}

/** The operations that no test has exercised; most runs need not load them. */
function unexercised(): string[] {
  const { unexercisedOperations } = createRequire(__filename)('./operations') as typeof Operations;
  return unexercisedOperations(process.env[EXERCISED_OPERATIONS] ?? '');
}

/**
 * Stops the run's Postgres, removes what the run and its tests have left on the disk, and fails a full run that never
 * exercised an operation of the API.
 */
export default async function globalTeardown(run: Run, project: { readonly roots: readonly string[] }): Promise<void> {
  // The soak and the screenshots have roots of their own.
  const isSuite = project.roots.some((root) => path.basename(root) === 'tests');
  const missing = isFull(run) && isSuite ? unexercised() : [];
  await globalThis.testPostgres?.server.stop();
  if (globalThis.testPostgres !== undefined) await closeRunFolder(globalThis.testPostgres.folder);
  if (missing.length > 0) throw new Error(`no test exercises these operations of the API:\n  ${missing.join('\n  ')}`);
}
