import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FilesystemBlobStore } from './blobs/filesystem';
import type { Config } from './config';
import type { Context, Settings } from './context';
import { ensureTokenKey } from './features/tokens/token-key';
import { openDb, type Db, type DbConnection } from './platform/db/db';
import { startEmbeddedPostgres } from './platform/db/embedded/embedded-postgres';
import { migrate } from './platform/db/migrate';
import type { Logger } from './platform/log/logger';

/** What a process needs to work: the server and the command line open the same. */
export interface Runtime {
  readonly ctx: Context;
  readonly connection: DbConnection;
  /** Closes the pool and leaves the embedded Postgres, if there is one. */
  close(): Promise<void>;
}

const CONNECT_ATTEMPTS = 30;

/** The features' part of the configuration. */
export function settingsOf(config: Config): Settings {
  const publicHost = config.DRYDOCK_PUBLIC_URL === undefined ? [] : [new URL(config.DRYDOCK_PUBLIC_URL).host];
  return {
    registrationOpen: config.DRYDOCK_REGISTRATION === 'open',
    confirmationRequired: config.DRYDOCK_EMAIL_CONFIRMATION === 'required',
    bcryptCost: config.DRYDOCK_BCRYPT_COST,
    hubLimits: config.DRYDOCK_HUB_LIMITS,
    registryEndpoints: config.DRYDOCK_REGISTRY_ENDPOINTS ?? publicHost,
  };
}

/** A database on another host may come up after us. */
async function waitForDatabase(db: Db, log: Logger): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await db.raw('select 1');
      return;
    } catch (error) {
      if (attempt === CONNECT_ATTEMPTS) throw error;
      if (attempt === 1) log.warn({ reason: String(error) }, 'waiting for the database');
      await sleep(1000);
    }
  }
}

/**
 * Opens the database (a server of our own unless the configuration names one), brings its schema up to date, and opens
 * the blob store.
 */
export async function openRuntime(config: Config, log: Logger): Promise<Runtime> {
  const dataDir = path.resolve(config.DRYDOCK_DATA_DIR);
  await mkdir(dataDir, { recursive: true });
  const embedded =
    config.DATABASE_URL === undefined ? await startEmbeddedPostgres({ dataDir, logger: log }) : undefined;
  const connection = config.DATABASE_URL ?? embedded?.connection ?? '';
  const db = openDb(connection);
  const close = async (): Promise<void> => {
    await db.destroy();
    await embedded?.stop();
  };
  try {
    await waitForDatabase(db, log);
    const applied = await migrate(db);
    if (applied.length > 0) log.info({ applied }, 'the database schema was brought up to date');
    const blobs = new FilesystemBlobStore(path.join(dataDir, 'blobs'));
    const tokenKey = await ensureTokenKey({ db });
    return { ctx: { db, blobs, log, settings: settingsOf(config), tokenKey }, connection, close };
  } catch (error) {
    await close();
    throw error;
  }
}
