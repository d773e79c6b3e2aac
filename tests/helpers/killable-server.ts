import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startChildServer, type ChildServer } from './child-server';
import { createTestDatabase, type TestDatabase } from './test-database';

/** A database and a data directory that outlive the server on them, whose administrator is alice. */
export interface KillableServer {
  readonly database: TestDatabase;
  readonly blobDir: string;
  /** The server that is running now. */
  readonly server: ChildServer;
  /** When it was started. */
  readonly startedAt: Date;
  /** The log of all servers on it, from errors on. */
  readonly log: readonly string[];
  /** Starts another one on the same data, after a kill. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Starts the first server. */
export async function startKillableServer(): Promise<KillableServer> {
  const database = await createTestDatabase();
  const dataDir = await mkdtemp(path.join(tmpdir(), 'drydock-crash-'));
  const log: string[] = [];
  const environment = {
    DATABASE_URL: database.url,
    DRYDOCK_DATA_DIR: dataDir,
    DRYDOCK_ADMIN_USERNAME: 'alice',
    DRYDOCK_ADMIN_PASSWORD: 'alicepw',
  };
  const start = (): Promise<ChildServer> => startChildServer(environment, [], (line) => log.push(line));
  let startedAt = new Date();
  let server = await start();
  return {
    database,
    blobDir: path.join(dataDir, 'blobs'),
    log,
    get server() {
      return server;
    },
    get startedAt() {
      return startedAt;
    },
    restart: async () => {
      startedAt = new Date();
      server = await start();
    },
    close: async () => {
      await server.end('SIGKILL');
      await database.drop();
      await rm(dataDir, { recursive: true });
    },
  };
}
