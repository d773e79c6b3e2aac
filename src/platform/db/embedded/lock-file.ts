import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasCode } from '../../error-code';

/** What `postmaster.pid` says. It survives a kill, so it may speak of a server that is gone. */
export interface LockFile {
  readonly pid: number;
  /** `starting`, `ready` or `stopping`; empty in the first moments. */
  readonly status: string;
}

/** The server's lock files: on its data and on its socket, alike but for the status. */
export function listLockFiles(clusterDir: string, socketDir: string): string[] {
  return [join(clusterDir, 'postmaster.pid'), join(socketDir, '.s.PGSQL.5432.lock')];
}

/** Reads the server's lock file; undefined when there is none, which is how a clean stop ends. */
export function readLockFile(clusterDir: string): LockFile | undefined {
  const lines = readLines(join(clusterDir, 'postmaster.pid'));
  const pid = Number.parseInt(lines?.[0] ?? '', 10);
  return Number.isNaN(pid) ? undefined : { pid, status: (lines?.[7] ?? '').trim() };
}

/**
 * Lets Postgres see that a lock file is stale when its process id now belongs to another program, as often happens in a
 * container, where ids are low and come back in the same order after a restart. Only the id is replaced: from the other
 * lines Postgres still finds out whether processes of the old server are left, and refuses to start if so.
 *
 * @param deadPid - the id of a process that surely is no more
 */
export function disownRecycledPid(lockFile: string, deadPid: number): void {
  const lines = readLines(lockFile);
  const program = lines?.[0] === undefined ? undefined : readProgramName(Number(lines[0]));
  if (lines === undefined || program === undefined || program.startsWith('postgres')) return;
  writeFileSync(lockFile, [String(deadPid), ...lines.slice(1)].join('\n'));
}

/** Says whether a process, of whatever user, exists; a zombie counts. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}

function readLines(lockFile: string): string[] | undefined {
  try {
    return readFileSync(lockFile, 'utf8').split('\n');
  } catch {
    return undefined;
  }
}

/** Known on Linux only; threads have one too. */
function readProgramName(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8');
  } catch {
    return undefined;
  }
}
