import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BlobStore } from './blobs/blob-store';
import { openPlaces, type PlaceSettings } from './blobs/open-places';
import type { Places } from './blobs/place';
import type { Config } from './config';
import { assertHasData, prepareDataDir } from './data-dir';
import { openDb, type Db, type DbConnection } from './platform/db/db';
import { startEmbeddedPostgres } from './platform/db/embedded/embedded-postgres';
import { assertMigrated } from './platform/db/migrate';
import { reachDatabase } from './platform/db/reach-database';
import type { Logger } from './platform/log/logger';

/** The data of a server: its database, whatever the schema is, and its blob store. */
export interface OpenData {
  readonly db: Db;
  readonly connection: DbConnection;
  /** on all places */
  readonly blobs: BlobStore;
  readonly places: Places;
  readonly log: Logger;
  /** Closes the pool and leaves the embedded Postgres, if there is one. */
  close(): Promise<void>;
}

function placeSettings(config: Config, dataDir: string): PlaceSettings {
  const { DRYDOCK_S3_ENDPOINT: endpoint } = config;
  return {
    current: config.DRYDOCK_STORAGE,
    other: config.DRYDOCK_STORAGE_ALSO,
    filesDir: path.join(dataDir, 'blobs'),
    access: {
      endpoint,
      region: config.DRYDOCK_S3_REGION,
      isPathStyle: config.DRYDOCK_S3_PATH_STYLE,
      encryption: config.DRYDOCK_S3_SSE,
      ...(config.DRYDOCK_S3_REDIRECT && { forClients: { endpoint: config.DRYDOCK_S3_PUBLIC_ENDPOINT ?? endpoint } }),
    },
  };
}

/** All processes together open no more connections than the embedded Postgres, or an ordinary one, accepts. */
export function poolSize(config: Config): number {
  return Math.min(16, Math.max(4, Math.floor(64 / config.DRYDOCK_WORKERS)));
}

/** A statement that was interrupted may wait for a lock, or take hours. It ends with the process, or with Postgres. */
const POOL_CLOSES_MS = 5000;

async function closePool(db: Db): Promise<void> {
  await Promise.race([db.destroy(), sleep(POOL_CLOSES_MS, undefined, { ref: false })]);
}

/** The database of a server, whatever its schema is. */
export type OpenDatabase = Pick<OpenData, 'db' | 'connection' | 'log' | 'close'>;

/**
 * Opens the database (our own server unless the configuration names one). The schema stays as it is.
 *
 * @param needsFiles - whether what runs needs the data directory, even if the database is elsewhere
 * @throws as `openData`
 */
export async function openDatabase(
  config: Config,
  log: Logger,
  stopping: AbortSignal,
  { creates, needsFiles }: { readonly creates: boolean; readonly needsFiles: boolean },
): Promise<OpenDatabase> {
  const dataDir = path.resolve(config.DRYDOCK_DATA_DIR);
  if (config.DATABASE_URL === undefined || needsFiles) {
    if (!creates) await assertHasData(dataDir, { isEmbedded: config.DATABASE_URL === undefined });
    await prepareDataDir(dataDir);
  }
  const embedded =
    config.DATABASE_URL === undefined ? await startEmbeddedPostgres({ dataDir, logger: log, stopping }) : undefined;
  const connection = config.DATABASE_URL ?? embedded?.connection ?? '';
  const db = openDb(connection, poolSize(config));
  const close = async (): Promise<void> => closePool(db).finally(() => embedded?.stop());
  try {
    await reachDatabase(connection, log, stopping);
    if (!creates) await assertMigrated(db);
    return { db, connection, log, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Opens the database (our own server unless the configuration names one) and the blob store. The schema stays as it is.
 *
 * @param stopping - aborts it: what was started by then is stopped
 * @param options.creates - false: the data must be there; a wrong directory or database stays as it is
 * @throws the reason of `stopping` when that is aborted; an Error that tells the operator what is wrong
 */
export async function openData(
  config: Config,
  log: Logger,
  stopping: AbortSignal,
  { creates }: { readonly creates: boolean },
): Promise<OpenData> {
  const dataDir = path.resolve(config.DRYDOCK_DATA_DIR);
  // With a database elsewhere and a bucket there is nothing in it, on any host.
  const places = [config.DRYDOCK_STORAGE, config.DRYDOCK_STORAGE_ALSO];
  const needsFiles = places.some((at) => at?.kind === 'files' && at.directory === undefined);
  const database = await openDatabase(config, log, stopping, { creates, needsFiles });
  try {
    return { ...database, ...(await openPlaces(placeSettings(config, dataDir), database.db)) };
  } catch (error) {
    await database.close();
    throw error;
  }
}
