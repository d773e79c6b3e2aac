import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasCode } from '../../error-code';
import { isProcessAlive, sendSignal } from '../../process/signals';
import type { Binaries } from './binaries';
import { boundLog } from './bound-log';
import type { ClusterPlace } from './cluster-place';
import { readLiveLockFile, readLockFile } from './lock-file';

const LOG_TAIL_LENGTH = 2000;
const STOP_TIMEOUT_MS = 60_000;

/** Keeps our own environment out: PGPORT, PGDATA and the like would change what the programs do. */
export const CHILD_ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C' };

/** A `postgres` process that we started; it may be about to end because another one has the cluster. */
export interface Postmaster {
  readonly pid: number | undefined;
  isRunning(): boolean;
  /** It ended by itself with an error; nobody stopped or killed it. */
  hasFailed(): boolean;
  /** The end of what it has printed since it was started. */
  readOutput(): string;
}

/**
 * Starts `postgres` in a process group of its own, so that Ctrl-C reaches us and not it: it must outlive our last
 * query. Returns at once; its lock file and its socket show whether the server is up.
 *
 * @param settings - server settings in addition to ours
 */
export function spawnPostmaster(
  place: ClusterPlace,
  { binDir }: Binaries,
  settings: Readonly<Record<string, string>>,
): Postmaster {
  boundLog(place.logFile);
  const log = openSync(place.logFile, 'a', 0o600);
  const logStart = statSync(place.logFile).size;
  const child = spawn(join(binDir, 'postgres'), ['-D', place.clusterDir, ...listSettings(place, settings)], {
    ...place.runAs,
    cwd: '/',
    detached: true,
    env: CHILD_ENVIRONMENT,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.unref();
  let spawnError = '';
  child.once('error', (error) => (spawnError = error.message));
  return {
    pid: child.pid,
    isRunning: () => child.pid !== undefined && child.exitCode === null && child.signalCode === null,
    hasFailed: () => child.pid === undefined || (child.exitCode ?? 0) !== 0,
    readOutput: () => {
      const printed = readFileSync(place.logFile);
      const since = printed.length < logStart ? 0 : logStart; // the file may have been emptied since
      return spawnError + printed.subarray(since).toString('utf8').slice(-LOG_TAIL_LENGTH).trim();
    },
  };
}

/** Stops a server that we started and that may not have come up yet, and waits at most a minute for its end. */
export async function endPostmaster(postmaster: Postmaster): Promise<void> {
  if (postmaster.pid === undefined || !postmaster.isRunning()) return;
  sendSignal(postmaster.pid, 'SIGINT');
  for (const giveUpAt = Date.now() + STOP_TIMEOUT_MS; postmaster.isRunning() && Date.now() < giveUpAt;) await sleep(5);
}

/**
 * Stops the server of a cluster, regardless of who started it, and waits until it has released the data. Open
 * connections are cut.
 *
 * @returns false if it takes longer than a minute
 */
export async function stopServer(clusterDir: string): Promise<boolean> {
  const lock = readLiveLockFile(clusterDir);
  if (lock === undefined) return true;
  sendSignal(lock.pid, 'SIGINT');
  for (const giveUpAt = Date.now() + STOP_TIMEOUT_MS; Date.now() < giveUpAt;) {
    // The file disappears last. The process can remain as a zombie, in a container whose first process does not wait
    // for it.
    if (readLockFile(clusterDir)?.pid !== lock.pid || !isProcessAlive(lock.pid)) return true;
    await sleep(5);
  }
  return false;
}

/**
 * Stops a server at once that is already stopping, so that it can be started again. After SIGTERM a server waits until
 * all clients have left and refuses new ones, so a process that stays connected would keep it in this state forever.
 * Does nothing if the server is not stopping.
 */
export function hastenStop(clusterDir: string): void {
  const lock = readLiveLockFile(clusterDir);
  if (lock?.status !== 'stopping') return;
  try {
    process.kill(lock.pid, 'SIGINT');
  } catch (error) {
    if (!hasCode(error, 'ESRCH', 'EPERM')) throw error;
  }
}

function listSettings({ socketDir }: ClusterPlace, extra: Readonly<Record<string, string>>): string[] {
  const settings = {
    listen_addresses: '',
    // The setting is a list, so a path with a comma or a space needs the quotes.
    unix_socket_directories: `"${socketDir.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
    port: '5432',
    max_connections: '100',
    timezone: 'UTC',
    log_timezone: 'UTC',
    cluster_name: 'drydock',
    ...extra,
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
