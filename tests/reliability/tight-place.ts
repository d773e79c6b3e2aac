import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startChildServer, type ChildServer } from '../helpers/child-server';
import { createTestDatabase, type TestDatabase } from '../helpers/test-database';

/** The largest size of the disk, or of a file. */
export const TIGHT_BYTES = 8 * 2 ** 20;

/** Ways to let a process run out of room; each is a command that runs the one after it. */
const WAYS = {
  /** A file system of that size over the data directory, seen only by the process and gone with it. */
  'a small disk': (dataDir: string) => [
    ...['unshare', '--mount', 'sh', '-c'],
    `mount -t tmpfs -o size=${TIGHT_BYTES} none "$0" && exec "$@"`,
    dataDir,
  ],
  /** No file may get larger: needs no rights at all. `sh` counts in blocks of 512 bytes. */
  'a limit for files': () => ['sh', '-c', `ulimit -f ${TIGHT_BYTES / 512} && exec "$@"`, 'sh'],
} as const;

export type Way = keyof typeof WAYS;

/** The ways that this machine permits; there is always at least one. */
export function possibleWays(): Way[] {
  const mount = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', tmpdir()]);
  return mount.status === 0 ? ['a small disk', 'a limit for files'] : ['a limit for files'];
}

/** A server in a process of its own that soon runs out of room, and its administrator alice. */
export interface TightPlace {
  readonly server: ChildServer;
  readonly database: TestDatabase;
  /** as this process sees it */
  readonly blobDir: string;
  close(): Promise<void>;
}

/** @param way - undefined: no limit */
export async function openTightPlace(way: Way | undefined, environment: Record<string, string>): Promise<TightPlace> {
  const database = await createTestDatabase();
  const dataDir = await mkdtemp(path.join(tmpdir(), 'drydock-tight-'));
  const server = await startChildServer(
    {
      DATABASE_URL: database.url,
      DRYDOCK_DATA_DIR: dataDir,
      DRYDOCK_ADMIN_USERNAME: 'alice',
      DRYDOCK_ADMIN_PASSWORD: 'alicepw',
      DRYDOCK_STORAGE_RESERVE: '0',
      LOG_LEVEL: 'silent',
      ...environment,
    },
    way === undefined ? [] : WAYS[way](dataDir),
  );
  return {
    server,
    database,
    blobDir: path.join(way === 'a small disk' ? `/proc/${server.process.pid}/root` : '/', dataDir, 'blobs'),
    close: async () => {
      await server.end('SIGTERM');
      await database.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
