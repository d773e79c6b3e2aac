import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Knex } from 'knex';
import { migrateQueue } from '../jobs/queue';
import { inLongTransaction, type Db } from './db';

/** Any number works, as long as every process of every version uses the same one. */
export const MIGRATION_LOCK = 4_207_202;

/** The table that a database has while a backup is restored into it. */
export const UNFINISHED_RESTORE = 'unfinished_restore';

const CANCEL_MS = 250;

type Migration = Readonly<{ name: string; file: string }>;

/** We avoid `import`, which treats its specifier as a URL: a checkout may be below a folder with a `%` in its name. */
const load = createRequire(__filename);

/** The database has a schema that this version does not know; the message tells the operator what to do. */
export class NewerDatabaseError extends Error {
  override readonly name = 'NewerDatabaseError';

  /** @param what - the evidence that the schema is newer */
  constructor(what: string, options?: ErrorOptions) {
    super(
      `This database was upgraded by a newer Drydock (${what}). Start that version or a later one; ` +
        'to return to this one, restore a backup from before the upgrade.',
      options,
    );
  }
}

/** Names a migration without its extension, so that a run from `.ts` and one from the built `.js` agree. */
class MigrationFiles implements Knex.MigrationSource<Migration> {
  /** @param only - the names of the migrations to see; undefined: all */
  constructor(
    private readonly directory: string,
    private readonly only?: ReadonlySet<string>,
  ) {}

  async getMigrations(): Promise<Migration[]> {
    const files = await readdir(this.directory);
    return files
      .filter((file) => /^\d+_\w+\.(ts|js)$/.test(file))
      .sort()
      .map((file) => ({ name: path.parse(file).name, file: path.join(this.directory, file) }))
      .filter(({ name }) => this.only?.has(name) ?? true);
  }

  getMigrationName(migration: Migration): string {
    return migration.name;
  }

  getMigration(migration: Migration): Promise<Knex.Migration> {
    return Promise.resolve(load(migration.file) as Knex.Migration);
  }
}

/** The migrations next to the running code: `.ts` in a test, `dist/migrations` otherwise. */
const MIGRATIONS_DIRECTORY = path.join(__dirname, '../../../migrations');

/**
 * Cancels the statements of a transaction again and again, because a cancellation between two statements has no effect.
 */
async function cancelOnAbort<T>(db: Db, tx: Db, stopping: AbortSignal, work: () => Promise<T>): Promise<T> {
  const { rows } = await tx.raw<{ rows: { pid: number }[] }>('select pg_backend_pid() as pid');
  const cancel = (): void => void db.raw('select pg_cancel_backend(?)', [rows[0]?.pid ?? 0]).catch(() => undefined);
  let timer: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    cancel();
    timer = setInterval(cancel, CANCEL_MS);
  };
  stopping.addEventListener('abort', onAbort);
  try {
    stopping.throwIfAborted();
    return await work();
  } finally {
    stopping.removeEventListener('abort', onAbort);
    clearInterval(timer);
  }
}

/** @throws NewerDatabaseError when migrations were applied that `source` does not contain */
async function assertNotNewer(tx: Db, source: MigrationFiles): Promise<void> {
  if (!(await tx.schema.hasTable('knex_migrations'))) return;
  const known = new Set((await source.getMigrations()).map(({ name }) => name));
  const applied = await tx<{ name: string }>('knex_migrations').orderBy('id').pluck('name');
  const [first, ...others] = applied.filter((name) => !known.has(name));
  if (first === undefined) return;
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  throw new NewerDatabaseError(`it has the migration ${first}${more}, unknown to this version`);
}

/** @throws Error with a sentence when the database has never been migrated */
export async function assertMigrated(db: Db): Promise<void> {
  if (await db.schema.hasTable('knex_migrations')) return;
  throw new Error(
    'There is no Drydock data in the database. Check DATABASE_URL; in a new database, run `drydock migrate` first.',
  );
}

/** @throws Error while the database has only a part of a backup */
async function assertNotRestoring(tx: Db): Promise<void> {
  if (!(await tx.schema.hasTable(UNFINISHED_RESTORE))) return;
  throw new Error('A backup is being restored into this database, or was interrupted: run drydock restore again.');
}

/** The queue's library does the same for its own tables. */
async function migrateQueueUnlessNewer(db: Db): Promise<void> {
  try {
    await migrateQueue(db);
  } catch (error) {
    const isNewer = error instanceof Error && error.message.includes('which includes breaking migration');
    throw isNewer ? new NewerDatabaseError('its job queue is unknown to this version', { cause: error }) : error;
  }
}

/**
 * Brings the schema and that of the job queue up to date. Any number of processes may call it at once: one migrates,
 * the others wait.
 *
 * @param stopping - aborts it and leaves the schema as it was
 * @param options.restores - true: for the restore itself, when its rows are there
 * @returns the names of the migrations that this call applied
 * @throws NewerDatabaseError when a later version has migrated the database; then nothing was changed
 * @throws Error when a restore has not ended
 */
export async function migrate(
  db: Db,
  stopping: AbortSignal = new AbortController().signal,
  { restores = false }: { restores?: boolean } = {},
): Promise<string[]> {
  return inLongTransaction(db, (tx) =>
    cancelOnAbort(db, tx, stopping, async () => {
      await tx.raw('select pg_advisory_xact_lock(?)', [MIGRATION_LOCK]);
      if (!restores) await assertNotRestoring(tx);
      const migrationSource = new MigrationFiles(MIGRATIONS_DIRECTORY);
      await assertNotNewer(tx, migrationSource);
      const [, applied] = (await tx.migrate.latest({ migrationSource, disableTransactions: true })) as [
        number,
        string[],
      ];
      await migrateQueueUnlessNewer(db);
      return applied;
    }),
  );
}

/** @throws Error when this version does not have all of these migrations */
export async function assertMigrationsKnown(names: readonly string[]): Promise<void> {
  const known = new Set((await new MigrationFiles(MIGRATIONS_DIRECTORY).getMigrations()).map(({ name }) => name));
  const unknown = names.find((name) => !known.has(name));
  if (unknown === undefined) return;
  throw new Error(
    `This backup is of a newer Drydock (it has the migration ${unknown}, unknown to this version): ` +
      'restore it with that version or a later one.',
  );
}

/**
 * Creates the schema as it was after these migrations, in a database without tables.
 *
 * @param tx - a transaction without a time limit
 */
export async function createSchema(tx: Db, names: readonly string[]): Promise<void> {
  const migrationSource = new MigrationFiles(MIGRATIONS_DIRECTORY, new Set(names));
  await tx.migrate.latest({ migrationSource, disableTransactions: true });
}

/** Reverts the last batch of migrations; for tests and for a downgrade by hand. */
export async function rollback(db: Db): Promise<void> {
  await db.migrate.rollback({ migrationSource: new MigrationFiles(MIGRATIONS_DIRECTORY) }, true);
}
