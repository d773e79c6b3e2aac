import { readFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../log/logger';
import { chooseBinaries, type Binaries, type BinarySource, standardSources } from './binaries';
import { type ClusterPlace, isClusterDir, linkVisiblePath, createSocketDir, upgradedDir } from './cluster-place';
import { type Holder, joinServer } from './holder';
import { giveClusterTo, initCluster } from './init-cluster';
import {
  disownForeignPid,
  hasEmptyLockFile,
  listLockFiles,
  readLiveLockFile,
  readLockFile,
  removeEmptyLockFile,
} from './lock-file';
import { endPostmaster, hastenStop, type Postmaster, spawnPostmaster } from './postmaster';

const GIVE_UP_AFTER_MS = 20_000;
const POLL_MS = 5;
const RESTART_DELAY_MS = 250;
const TELL_EVERY_MS = 10_000;

/** A starting server writes its lock file at the moment in which it creates it. */
const EMPTY_MS = 2000;

export interface ServerOptions {
  readonly place: ClusterPlace;
  readonly logger: Logger;
  readonly settings: Readonly<Record<string, string>>;
  /** where to look for programs; undefined: as usual */
  readonly sources?: readonly BinarySource[];
}

/**
 * Connects us to the cluster's server: the one that runs (another process's, or an orphan of a killed one), or else one
 * that we start, after creating the cluster if there is none. Any number of processes may do this at once.
 *
 * @param stopping - aborts the attempt and stops the server that we started
 */
export async function ensureServer(options: ServerOptions, stopping: AbortSignal): Promise<Holder> {
  const { place, logger, settings } = options;
  const running = await tryToJoin(place);
  if (running.holder !== undefined) {
    logger.debug({ dir: place.clusterDir }, 'joined the running database server');
    return running.holder;
  }
  const binaries = await prepareCluster(options);
  const patience = new Patience(place, logger);
  let postmaster: Postmaster | undefined;
  let startAt = 0;
  while (!patience.isOver()) {
    const { holder, problem } = await tryToJoin(place);
    if (holder !== undefined) return holder;
    if (stopping.aborted) break;
    patience.look(problem);
    if (postmaster?.isRunning() !== true) {
      if (postmaster !== undefined) {
        patience.problem = explainExit(place, postmaster);
        postmaster = undefined;
        startAt = Date.now() + RESTART_DELAY_MS;
      } else if (Date.now() >= startAt) {
        postmaster = spawnPostmaster(place, binaries, settings);
      }
    }
    await sleep(POLL_MS);
  }
  if (postmaster !== undefined) await endPostmaster(postmaster);
  stopping.throwIfAborted();
  throw new Error(`The database server in ${place.clusterDir} did not start in time: ${patience.explain()}`);
}

/** How long to wait for a server: without a limit for one that is starting, otherwise briefly. */
class Patience {
  problem = '';
  private giveUpAt = Date.now() + GIVE_UP_AFTER_MS;
  private tellAt = Date.now() + TELL_EVERY_MS;
  private emptySince: number | undefined;

  constructor(
    private readonly place: ClusterPlace,
    private readonly logger: Logger,
  ) {}

  isOver(): boolean {
    return Date.now() >= this.giveUpAt;
  }

  /** @param problem - why we could not join a running server */
  look(problem: string | undefined): void {
    const { clusterDir } = this.place;
    this.problem = problem ?? this.problem;
    const status = readLiveLockFile(clusterDir)?.status;
    // Recovery after a crash and the shutdown of another server take as long as they take.
    if (status !== undefined && problem === undefined) this.giveUpAt = Date.now() + GIVE_UP_AFTER_MS;
    if (status === 'stopping') hastenStop(clusterDir);
    this.emptySince = hasEmptyLockFile(clusterDir) ? (this.emptySince ?? Date.now()) : undefined;
    if (this.emptySince !== undefined && Date.now() - this.emptySince >= EMPTY_MS && removeEmptyLockFile(clusterDir)) {
      this.logger.warn({ dir: clusterDir }, 'removed an empty postmaster.pid left behind by a crash');
    }
    if (Date.now() < this.tellAt) return;
    this.tellAt = Date.now() + TELL_EVERY_MS;
    this.logger.warn({ dir: clusterDir, status, problem: this.problem }, 'still waiting for the database server');
  }

  explain(): string {
    const { clusterDir, socketDir } = this.place;
    if (!/lock file/.test(this.problem)) return this.problem;
    const files = listLockFiles(clusterDir, socketDir).join(' and ');
    return `${this.problem}\nIf no other server uses this directory, remove ${files}, and start again.`;
  }
}

/** We do not connect to a server that does not say that it is ready: it would only fill its log with refusals. */
async function tryToJoin({ clusterDir, socketDir }: ClusterPlace): Promise<{ holder?: Holder; problem?: string }> {
  if (readLockFile(clusterDir)?.status !== 'ready') return {};
  try {
    return { holder: await joinServer(socketDir) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/** An upgrade was killed after it had moved the old cluster away. */
async function finishUpgrade(clusterDir: string): Promise<void> {
  if (isClusterDir(clusterDir) || !isClusterDir(upgradedDir(clusterDir))) return;
  await rename(upgradedDir(clusterDir), clusterDir);
}

async function prepareCluster({ place, settings, logger, sources }: ServerOptions): Promise<Binaries> {
  const { clusterDir, copiesDir, runAs } = place;
  await finishUpgrade(clusterDir);
  const exists = isClusterDir(clusterDir);
  const major = exists ? Number.parseInt(readFileSync(join(clusterDir, 'PG_VERSION'), 'utf8'), 10) : undefined;
  const binaries = await chooseBinaries(sources ?? standardSources(copiesDir, runAs), major);
  if (!exists) {
    logger.info({ dir: clusterDir, postgres: binaries.major }, 'creating the database');
    await initCluster(place, binaries, settings['fsync'] !== 'off');
  }
  await giveClusterTo(place);
  linkVisiblePath(place);
  createSocketDir(place);
  return binaries;
}

/**
 * Finds out why a postmaster ended. Returns when it met another one or the remains of a killed one, which are gone in
 * seconds, or when another process joined and left before we could join. Throws when another attempt would not help.
 */
function explainExit({ clusterDir, socketDir }: ClusterPlace, postmaster: Postmaster): string {
  const output = postmaster.readOutput();
  if (postmaster.hasFailed() && !/lock file|shared memory block/.test(output)) {
    throw new Error(`The database server in ${clusterDir} did not start: ${output}`);
  }
  for (const lockFile of listLockFiles(clusterDir, socketDir)) {
    if (postmaster.pid !== undefined) disownForeignPid(lockFile, clusterDir, postmaster.pid);
  }
  return output;
}
