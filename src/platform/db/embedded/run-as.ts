import { chmodSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** The user that the database's programs run as when we are root, because Postgres refuses to run as root. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

/** A user without a home and without privileges, which exists on every Linux without changing /etc/passwd. */
export const NOBODY: RunAs = { uid: 65534, gid: 65534 };

/** Whether this process is root; never true on Windows. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * Whether a user may use a path: enter every directory above it, and search (directory) or run (file) the path itself.
 * This reads only the mode bits, so we may copy without need if an access list allows more.
 *
 * @param path - an absolute path without symbolic links
 */
export function canReach(path: string, who: RunAs): boolean {
  if (!existsSync(path)) return false;
  for (let at = path; ; at = dirname(at)) {
    const { uid, gid, mode } = statSync(at);
    const bit = uid === who.uid ? 0o100 : gid === who.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

/** Creates a directory, unless it exists, that every user may pass through but not list. */
export function createEnterableDir(dir: string): string {
  // We also call chmod, because a strict umask of root would remove the bit for other users again.
  if (mkdirSync(dir, { recursive: true }) !== undefined) chmodSync(dir, 0o711);
  return dir;
}
