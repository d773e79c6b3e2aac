import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isProcessAlive } from '../../process/signals';

/** The content of `postmaster.pid`. It survives a kill, so it may describe a server that is gone. */
export interface LockFile {
  readonly pid: number;
  /** `starting`, `ready` or `stopping`; empty in the first moments. */
  readonly status: string;
}

/** The server's lock files, on its data and on its socket. They differ only in the status. */
export function listLockFiles(clusterDir: string, socketDir: string): string[] {
  return [join(clusterDir, 'postmaster.pid'), join(socketDir, '.s.PGSQL.5432.lock')];
}

/** Reads the server's lock file; undefined if there is none, as after a clean stop. */
export function readLockFile(clusterDir: string): LockFile | undefined {
  const lines = readLines(join(clusterDir, 'postmaster.pid'));
  const pid = Number.parseInt(lines?.[0] ?? '', 10);
  return Number.isNaN(pid) ? undefined : { pid, status: (lines?.[7] ?? '').trim() };
}

/** The lock file of a server that runs, starts or stops; undefined if it describes a server that is gone. */
export function readLiveLockFile(clusterDir: string): LockFile | undefined {
  const lock = readLockFile(clusterDir);
  if (lock === undefined || !isProcessAlive(lock.pid)) return undefined;
  return isServerOf(clusterDir, lock.pid) === false ? undefined : lock;
}

/**
 * Lets Postgres see that a lock file is stale when its process id now belongs to another program. That often happens in
 * a container, where ids are low and return in the same order after a restart, or with the server of another cluster,
 * as in a copy of a data directory. Only the id is replaced: from the other lines Postgres still finds out whether
 * processes of the old server are left, and refuses to start if so.
 *
 * @param deadPid - the id of a process that certainly no longer exists
 */
export function disownForeignPid(lockFile: string, clusterDir: string, deadPid: number): void {
  const lines = readLines(lockFile);
  if (lines?.[0] === undefined || lines[0] === '' || isServerOf(clusterDir, Number(lines[0])) !== false) return;
  writeFileSync(lockFile, [String(deadPid), ...lines.slice(1)].join('\n'));
}

/**
 * Removes an empty lock file, which a crash of the machine leaves: Postgres would forever take it for the file of a
 * server that is just starting. Does nothing while any process may be that server.
 *
 * @returns whether it was removed
 */
export function removeEmptyLockFile(clusterDir: string): boolean {
  const lockFile = join(clusterDir, 'postmaster.pid');
  if (!isEmpty(lockFile)) return false;
  const pids = listProcesses();
  if (pids === undefined || pids.some((pid) => isServerOf(clusterDir, pid) !== false)) return false;
  rmSync(lockFile, { force: true });
  return true;
}

/** Whether the server's lock file exists and is empty; a starting server leaves it empty only for an instant. */
export function hasEmptyLockFile(clusterDir: string): boolean {
  return isEmpty(join(clusterDir, 'postmaster.pid'));
}

function isEmpty(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.size === 0;
}

function readLines(lockFile: string): string[] | undefined {
  try {
    return readFileSync(lockFile, 'utf8').split('\n');
  } catch {
    return undefined;
  }
}

/**
 * Whether a process is the server of a cluster: its working directory is the data directory. Undefined if we cannot
 * know, as on systems without /proc.
 */
function isServerOf(clusterDir: string, pid: number): boolean | undefined {
  const program = readProcFile(pid, 'comm'); // threads have a comm file, too
  if (program === undefined) return undefined;
  if (!program.startsWith('postgres')) return false;
  try {
    const [works, cluster] = [statSync(`/proc/${pid}/cwd`), statSync(clusterDir)];
    return works.dev === cluster.dev && works.ino === cluster.ino;
  } catch {
    // The working directory of another user's process is not visible, but its command line is.
    const args = readProcFile(pid, 'cmdline')?.split('\0') ?? [];
    const directory = args[args.indexOf('-D') + 1];
    return args.includes('-D') ? directory === clusterDir : undefined;
  }
}

/** Undefined where there is no /proc. */
function listProcesses(): number[] | undefined {
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0 && readProcFile(pid, 'comm')?.startsWith('postgres') === true);
  } catch {
    return undefined;
  }
}

function readProcFile(pid: number, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return undefined;
  }
}
