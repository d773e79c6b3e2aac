import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../log/logger';
import { chooseBinaries, type Binaries, standardSources } from './binaries';
import { type ClusterPlace, isClusterDir, linkVisiblePath, makeSocketDir } from './cluster-place';
import { type Holder, joinServer } from './holder';
import { giveClusterTo, initCluster } from './init-cluster';
import { disownRecycledPid, listLockFiles, readLockFile } from './lock-file';
import { endPostmaster, type Postmaster, spawnPostmaster } from './postmaster';

const GIVE_UP_AFTER_MS = 20_000;
const POLL_MS = 5;
const RESTART_DELAY_MS = 250;

export interface ServerOptions {
  readonly place: ClusterPlace;
  readonly logger: Logger;
  readonly settings: Readonly<Record<string, string>>;
}

/**
 * Ends with us connected to the cluster's server: the one that runs (another process's, or an orphan of a killed one), or else
 * one that we start, after making the cluster if there is none. Any number of processes may do this at once.
 *
 * @param stopping - ends it early, with the server that we started
 */
export async function ensureServer({ place, logger, settings }: ServerOptions, stopping: AbortSignal): Promise<Holder> {
  const running = await tryToJoin(place);
  if (running.holder !== undefined) {
    logger.debug({ dir: place.clusterDir }, 'joined the running database server');
    return running.holder;
  }
  const binaries = await prepareCluster(place, settings, logger);
  let lastProblem = '';
  let postmaster: Postmaster | undefined;
  let startAt = 0;
  for (let giveUpAt = Date.now() + GIVE_UP_AFTER_MS; Date.now() < giveUpAt;) {
    const { holder, problem } = await tryToJoin(place);
    if (holder !== undefined) return holder;
    if (stopping.aborted) break;
    lastProblem = problem ?? lastProblem;
    if (postmaster?.isRunning()) {
      // Recovery after a crash takes as long as it takes.
      if (problem === undefined) giveUpAt = Date.now() + GIVE_UP_AFTER_MS;
    } else if (postmaster !== undefined) {
      lastProblem = explainExit(place, postmaster);
      postmaster = undefined;
      startAt = Date.now() + RESTART_DELAY_MS;
    } else if (Date.now() >= startAt) {
      postmaster = spawnPostmaster(place, binaries, settings);
    }
    await sleep(POLL_MS);
  }
  if (postmaster !== undefined) await endPostmaster(postmaster);
  stopping.throwIfAborted();
  throw new Error(`The database server in ${place.clusterDir} did not come up: ${lastProblem}`);
}

/** A server that does not say that it is ready is not asked: it would only fill its log with refusals. */
async function tryToJoin({ clusterDir, socketDir }: ClusterPlace): Promise<{ holder?: Holder; problem?: string }> {
  if (readLockFile(clusterDir)?.status !== 'ready') return {};
  try {
    return { holder: await joinServer(socketDir) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

async function prepareCluster(
  place: ClusterPlace,
  settings: Readonly<Record<string, string>>,
  logger: Logger,
): Promise<Binaries> {
  const { clusterDir, copiesDir, runAs } = place;
  const exists = isClusterDir(clusterDir);
  const major = exists ? Number.parseInt(readFileSync(join(clusterDir, 'PG_VERSION'), 'utf8'), 10) : undefined;
  const binaries = await chooseBinaries(standardSources(copiesDir, runAs), major);
  if (!exists) {
    logger.info({ dir: clusterDir, postgres: binaries.major }, 'creating the database');
    await initCluster(place, binaries, settings['fsync'] !== 'off');
  }
  await giveClusterTo(place);
  linkVisiblePath(place);
  makeSocketDir(place);
  return binaries;
}

/**
 * Says why a postmaster went. Returns when it met another one or the remains of a killed one, which are gone in seconds, or
 * when another process joined and left before we could join; throws when trying again would not help.
 */
function explainExit({ clusterDir, socketDir }: ClusterPlace, postmaster: Postmaster): string {
  const output = postmaster.readOutput();
  if (postmaster.hasFailed() && !/lock file|shared memory block/.test(output)) {
    throw new Error(`The database server in ${clusterDir} does not start: ${output}`);
  }
  for (const lockFile of listLockFiles(clusterDir, socketDir)) {
    if (postmaster.pid !== undefined) disownRecycledPid(lockFile, postmaster.pid);
  }
  return output;
}
