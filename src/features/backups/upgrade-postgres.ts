import { rm } from 'node:fs/promises';
import path from 'node:path';
import { inLongTransaction, inTransaction, openDb, type DbConnection } from '../../platform/db/db';
import { upgradeCluster, type UpgradedCluster } from '../../platform/db/embedded/upgrade-cluster';
import { assertMigrationsKnown, createSchema, migrate } from '../../platform/db/migrate';
import { createPrivateDirectory } from '../../platform/files/private-files';
import type { Logger } from '../../platform/log/logger';
import { dumpDatabase, type Dump } from './dump';
import { endItsWork, loadDump } from './load-dump';

export type { UpgradedCluster };

/** Where the embedded Postgres is, and what upgrades it. */
export interface UpgradePostgresOptions {
  readonly dataDir: string;
  readonly programs: string | undefined;
  readonly log: Logger;
  readonly stopping: AbortSignal;
}

const ROWS = 'rows';

/** Loads the rows into an empty database; the layers stay where they are. */
async function load(connection: DbConnection, directory: string, dump: Dump, stopping: AbortSignal): Promise<void> {
  const db = openDb(connection, 2);
  try {
    await inLongTransaction(db, async (tx) => {
      await createSchema(tx, dump.migrations);
      await loadDump(tx, directory, { ...dump, database: ROWS });
    });
    await migrate(db, stopping);
    await inTransaction(db, endItsWork);
  } finally {
    await db.destroy();
  }
}

/**
 * Moves the embedded database to the version of Postgres that this Drydock brings, through the rows of a backup.
 *
 * @returns undefined when it has that version already
 * @throws Error with a sentence when it cannot be upgraded; the database is as it was then
 */
export async function upgradePostgres(options: UpgradePostgresOptions): Promise<UpgradedCluster | undefined> {
  const { dataDir, programs, log, stopping } = options;
  const directory = path.join(dataDir, 'postgres-upgrade');
  let dump: Dump | undefined;
  try {
    return await upgradeCluster({
      dataDir,
      programs,
      logger: log,
      stopping,
      dump: async (connection) => {
        await rm(directory, { recursive: true, force: true });
        await createPrivateDirectory(directory);
        await createPrivateDirectory(path.join(directory, ROWS));
        dump = await dumpDatabase(connection, { directory, database: ROWS, leaveOut: [] });
        await assertMigrationsKnown(dump.migrations);
      },
      load: async (connection) => {
        if (dump !== undefined) await load(connection, directory, dump, stopping);
      },
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
