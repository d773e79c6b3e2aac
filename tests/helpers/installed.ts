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
  const { status } = spawnSync(program, [version], { env: { PATH: DAEMON_PATH } });
  return status === 0 || reportMissing(program, `apt-get install ${debianPackage}`);
}

/** As `isInstalled`, for a program that works as root only. */
export function isInstalledForRoot(program: string, debianPackage = program): boolean {
  if (!isInstalled(program, '--version', debianPackage)) return false;
  return process.getuid?.() === 0 || reportUntested(`${program} needs root`);
}

/** As `isInstalled`, for a program on the PATH that is built from a Go module. */
export function isGoProgramInstalled(program: string, module: string): boolean {
  return isOnPath(program, `go install ${module}`);
}

/** As `isInstalled`, for a program that has no option for its version. */
export function isOnPath(program: string, install: string): boolean {
  const { status } = spawnSync('sh', ['-c', `command -v "$0"`, program]);
  return status === 0 || reportMissing(program, install);
}

/** Declares tests that need programs. On a machine without them there is one test, which says so: a file has to have one. */
export function describeInstalled(areInstalled: boolean, title: string, tests: () => void): void {
  if (areInstalled) describe(title, tests);
  else it(`NOT TESTED: ${title}`, () => expect(process.env['CI']).toBeUndefined());
}

function reportMissing(program: string, install: string): false {
  return reportUntested(`${program} is not installed (${install})`);
}

function reportUntested(why: string): false {
  if (process.env['CI'] !== undefined) throw new Error(`${why}: see .ci/run`);
  console.warn(`NOT TESTED: ${why}`);
  return false;
}
