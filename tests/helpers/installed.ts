import { spawnSync } from 'node:child_process';

/** Debian's folder for daemons is not on every PATH. */
export const DAEMON_PATH = `${process.env['PATH'] ?? ''}:/usr/sbin`;

/**
 * Whether the tests that need a program can run; reports it if they cannot. Where everything must run (`.ci/run`), its
 * absence is an error.
 *
 * @param version - its option that prints its version
 * @throws Error in CI
 */
export function isInstalled(program: string, version: string, debianPackage = program): boolean {
  if (spawnSync(program, [version], { env: { PATH: DAEMON_PATH } }).status === 0) return true;
  if (process.env['CI'] !== undefined) throw new Error(`${program} is not installed: see .ci/run`);
  console.warn(`NOT TESTED: ${program} is not installed (apt-get install ${debianPackage})`);
  return false;
}
