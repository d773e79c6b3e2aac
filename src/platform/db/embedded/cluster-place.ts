/*
 * Where things are on disk:
 *
 *   <dataDir>/postgres             the cluster, or a link to it
 *   <dataDir>/postgres/.s.PGSQL.5432   its socket; the cluster is 0700 anyway. In /tmp if that path is too long
 *   <dataDir>/postgres-upgraded    the cluster that an upgrade creates; <dataDir>/postgres-17 is the old one
 *   <dataDir>/postgres.log         what the server prints
 *   <dataDir>/postgres.init-*      a cluster that is being created, see init-cluster.ts
 *   /var/lib/drydock/<hash of dataDir>/postgres   the cluster when root's data directory is hidden from other users
 *   /var/lib/drydock/postgres-native-*            the same for the programs, see native-dir.ts
 */
import { createHash } from 'node:crypto';
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { canReach, isRoot, createEnterableDir, NOBODY, type RunAs } from './run-as';

const HIDDEN_DATA_ROOT = '/var/lib/drydock';
const SOCKET_NAME = '.s.PGSQL.5432';
/** The limit of `sun_path`: 104 bytes on macOS and 108 on Linux, including the final zero. */
const SOCKET_PATH_LIMIT_BYTES = 103;

export interface ClusterPlace {
  readonly clusterDir: string;
  /** The name under which the operator finds the cluster: the cluster itself or a link to it. */
  readonly visiblePath: string;
  readonly socketDir: string;
  readonly logFile: string;
  /** Where a copy of the programs may go if they cannot be used where they are. */
  readonly copiesDir: string;
  /** Undefined: the programs run as the user of this process. */
  readonly runAs: RunAs | undefined;
}

/**
 * Decides where the cluster of a data directory is or will be, and which user runs it. Creates the directories around
 * it.
 *
 * @param dataDir - created if it is missing
 */
export function placeCluster(dataDir: string): ClusterPlace {
  mkdirSync(dataDir, { recursive: true });
  const dir = realpathSync(dataDir);
  const visiblePath = join(dir, 'postgres');
  const { clusterDir, runAs } = isClusterDir(visiblePath)
    ? placeExisting(realpathSync(visiblePath))
    : placeNew(dir, visiblePath);
  return {
    clusterDir,
    visiblePath,
    socketDir: chooseSocketDir(clusterDir),
    logFile: join(dir, 'postgres.log'),
    copiesDir: isRoot() ? HIDDEN_DATA_ROOT : dir,
    runAs,
  };
}

/** Where the cluster is created that an upgrade puts in its place. */
export function upgradedDir(clusterDir: string): string {
  return `${clusterDir}-upgraded`;
}

/** Whether a directory holds a finished cluster. */
export function isClusterDir(dir: string): boolean {
  return existsSync(join(dir, 'PG_VERSION'));
}

/** Shows the operator a cluster that had to go elsewhere: `<dataDir>/postgres` becomes a link to it. */
export function linkVisiblePath({ clusterDir, visiblePath }: ClusterPlace): void {
  if (clusterDir === visiblePath) return;
  const old = lstatSync(visiblePath, { throwIfNoEntry: false });
  if (old?.isSymbolicLink() && readlinkSync(visiblePath) === clusterDir) return;
  // A dangling link comes from a checkout that was copied from elsewhere. We must not remove anything else.
  if (old?.isSymbolicLink()) rmSync(visiblePath);
  try {
    symlinkSync(clusterDir, visiblePath);
  } catch (error) {
    if (!existsSync(visiblePath) || realpathSync(visiblePath) !== clusterDir) throw error;
  }
}

/** Makes sure that the socket's directory exists and that no other user owns it. */
export function createSocketDir({ clusterDir, socketDir, runAs }: ClusterPlace): void {
  if (socketDir === clusterDir) return;
  const owner = runAs?.uid ?? process.getuid?.();
  if (mkdirSync(socketDir, { recursive: true, mode: 0o700 }) !== undefined && runAs !== undefined) {
    chownSync(socketDir, runAs.uid, runAs.gid);
  }
  const found = lstatSync(socketDir);
  // The name can be guessed: a user who created it first could otherwise impersonate our database.
  if (!found.isDirectory() || found.uid !== owner || (found.mode & 0o077) !== 0) {
    throw new Error(`${socketDir} must be a directory of uid ${owner} with mode 0700; remove it and start again.`);
  }
}

function placeExisting(clusterDir: string): { clusterDir: string; runAs: RunAs | undefined } {
  const { uid, gid } = statSync(clusterDir);
  if (!isRoot()) {
    if (uid === process.getuid?.() || process.getuid === undefined) return { clusterDir, runAs: undefined };
    throw new Error(
      `The database in ${clusterDir} belongs to uid ${uid}: run Drydock as that user or set DATABASE_URL.`,
    );
  }
  const runAs = uid === 0 ? NOBODY : { uid, gid };
  if (canReach(join(clusterDir, '..'), runAs)) return { clusterDir, runAs };
  throw new Error(
    `The database in ${clusterDir} cannot be reached by its user, uid ${runAs.uid}: ` +
      'let others enter the directories above it (chmod o+x) or set DATABASE_URL.',
  );
}

function placeNew(dataDir: string, visiblePath: string): { clusterDir: string; runAs: RunAs | undefined } {
  if (!isRoot()) return { clusterDir: visiblePath, runAs: undefined };
  if (canReach(dataDir, NOBODY)) return { clusterDir: visiblePath, runAs: NOBODY };
  createEnterableDir(HIDDEN_DATA_ROOT);
  const parent = createEnterableDir(join(HIDDEN_DATA_ROOT, shortHash(dataDir)));
  return { clusterDir: join(parent, 'postgres'), runAs: NOBODY };
}

/** The directory of a cluster's socket. */
export function chooseSocketDir(clusterDir: string): string {
  if (Buffer.byteLength(join(clusterDir, SOCKET_NAME)) <= SOCKET_PATH_LIMIT_BYTES) return clusterDir;
  // We do not use os.tmpdir(): the server and the command line must agree, even if their TMPDIR differs.
  return `/tmp/drydock-${process.getuid?.() ?? 0}-${shortHash(clusterDir)}`;
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
