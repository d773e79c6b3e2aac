import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Knex } from 'knex';
import { migrateQueue } from '../jobs/queue';
import { inLongTransaction, type Db } from './db';

/** Any number will do, as long as every process of every version uses the same one. */
const MIGRATION_LOCK = 4_207_202;

type Migration = Readonly<{ name: string; file: string }>;

/** Names a migration without its ending, so that a run from `.ts` and one from the built `.js` agree. */
class MigrationFiles implements Knex.MigrationSource<Migration> {
  constructor(private readonly directory: string) {}

  async getMigrations(): Promise<Migration[]> {
    const files = await readdir(this.directory);
    return files
      .filter((file) => /^\d+_\w+\.(ts|js)$/.test(file))
      .sort()
      .map((file) => ({ name: path.parse(file).name, file: path.join(this.directory, file) }));
  }

  getMigrationName(migration: Migration): string {
    return migration.name;
  }

  async getMigration(migration: Migration): Promise<Knex.Migration> {
    return (await import(migration.file)) as Knex.Migration;
  }
}

/** The migrations beside the code that runs: `.ts` in a test, `dist/migrations` otherwise. */
const MIGRATIONS_DIRECTORY = path.join(__dirname, '../../../migrations');

/**
 * Brings the schema up to date, and that of the job queue. Any number of processes may call it at once: one migrates, the others wait.
 *
 * @returns the names of the migrations that this call applied
 */
export async function migrate(db: Db): Promise<string[]> {
  return inLongTransaction(db, async (tx) => {
    await tx.raw('select pg_advisory_xact_lock(?)', [MIGRATION_LOCK]);
    const [, applied] = (await tx.migrate.latest({
      migrationSource: new MigrationFiles(MIGRATIONS_DIRECTORY),
      disableTransactions: true,
    })) as [number, string[]];
    await migrateQueue(db);
    return applied;
  });
}

/** Takes back the last batch of migrations; for tests and for a downgrade by hand. */
export async function rollback(db: Db): Promise<void> {
  await db.migrate.rollback({ migrationSource: new MigrationFiles(MIGRATIONS_DIRECTORY) }, true);
}
