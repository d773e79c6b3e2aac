import { inLongTransaction, inTransaction } from '../../platform/db/db';
import { assertMigrationsKnown, createSchema, migrate } from '../../platform/db/migrate';
import { trySessionLock, type SessionLock } from '../../platform/db/session-lock';
import { AppError } from '../../platform/errors';
import { OPERATOR, recordEvent } from '../audit/audit';
import type { BackupNeeds } from './back-up';
import { layerListFile, tableFile } from './folder';
import { readLayerList } from './layer-list';
import { endItsWork, loadDump } from './load-dump';
import { readManifest, type Manifest } from './manifest';
import { ProgressCounter, type OnProgress } from './progress';
import { restoreLayers } from './restore-layers';
import * as store from './restore.store';
import { assertSum } from './verify';
import { verifyStored } from './verify-stored';

/*
 * A restore fills an empty database and an empty storage.
 *
 *   1. The database is marked: until the end no server starts on it (`restore.store.ts`).
 *   2. One transaction creates the schema of the backup by its migrations, and loads the rows.
 *   3. Migrations bring the schema up to date; a bucket keeps what is being written in tables of today.
 *   4. The layers are stored, and where each one is.
 *   5. The rows are pointed to the layers.
 *   6. What only the old server could go on with is ended, and the mark is taken away.
 *
 * After a kill the same command continues.
 */

/** Any number works, as long as every version uses the same one. */
const RESTORE_LOCK = 7_301_005;

/** How to restore. */
export interface RestoreOptions {
  /** reads all layers back */
  readonly verify: boolean;
  readonly onProgress?: OnProgress;
}

/** What was restored. */
export interface Restored {
  readonly manifest: Manifest;
  /** digests of the layers that are damaged here, because the backup does not have them */
  readonly missing: readonly string[];
}

const NEW = 'Set DRYDOCK_DATA_DIR to a new directory, or DATABASE_URL to a new database, and run it again';

/** @returns whether the rows are there already */
async function beginOrContinue(ctx: BackupNeeds, backup: string): Promise<boolean> {
  const state = await store.stateOf(ctx.db);
  if (state.is_restoring) {
    const begun = await store.findBackup(ctx.db);
    if (begun === backup) return !state.is_empty;
    throw new AppError('conflict', `The restore of another backup (${begun}) was interrupted here. ${NEW}`);
  }
  if (!state.is_empty) throw new AppError('conflict', `The database is not empty. ${NEW}`);
  if (!(await ctx.blobs.isEmpty())) throw new AppError('conflict', `The data directory has layers already. ${NEW}`);
  await inTransaction(ctx.db, (tx) => store.begin(tx, backup));
  return false;
}

async function loadRows(
  ctx: BackupNeeds,
  directory: string,
  manifest: Manifest,
  onProgress?: OnProgress,
): Promise<void> {
  await inLongTransaction(ctx.db, async (tx) => {
    await createSchema(tx, manifest.migrations);
    await loadDump(tx, directory, manifest, onProgress);
  });
}

async function finish(ctx: BackupNeeds, { createdAt, layers }: Manifest): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    await endItsWork(tx);
    const details = { from: createdAt, layers: layers.count };
    await recordEvent(tx, OPERATOR, { action: 'backup.restored', subject: '', details });
    await store.end(tx);
  });
}

async function restoreLocked(
  ctx: BackupNeeds,
  directory: string,
  lock: SessionLock,
  { verify, onProgress }: RestoreOptions,
): Promise<Restored> {
  const manifest = await readManifest(directory);
  await assertMigrationsKnown(manifest.migrations);
  const list = layerListFile(directory, manifest.database);
  await assertSum(list, manifest.layers);
  for (const table of manifest.tables) await assertSum(tableFile(directory, manifest.database, table.name), table);
  const { count, totalBytes } = manifest.layers;
  const counter = (part: 'layers' | 'verifying'): ProgressCounter =>
    new ProgressCounter(part, count, totalBytes, onProgress);
  const isLoaded = await beginOrContinue(ctx, manifest.database);
  if (!isLoaded) await loadRows(ctx, directory, manifest, onProgress);
  await migrate(ctx.db, lock.lost, { restores: true });
  const work = { stopping: lock.lost, progress: counter('layers') };
  const missing = await restoreLayers(ctx, directory, readLayerList(list), work);
  await lock.assertHeld();
  await inLongTransaction(ctx.db, (tx) => store.pointToLayers(tx));
  if (verify) missing.push(...(await verifyStored(ctx, readLayerList(list), new Set(missing), counter('verifying'))));
  await finish(ctx, manifest);
  return { manifest, missing };
}

/**
 * Restores a backup into an empty database and an empty storage, or continues a restore that was interrupted.
 *
 * @throws AppError `conflict` when they are not empty, or another restore is running; `invalid` when there is no complete
 *   backup in the directory, or it is damaged
 */
export async function restore(ctx: BackupNeeds, directory: string, options: RestoreOptions): Promise<Restored> {
  const lock = await trySessionLock(ctx.connection, RESTORE_LOCK);
  if (lock === undefined) {
    throw new AppError('conflict', 'Another restore into this database is running: wait until it has ended');
  }
  try {
    return await restoreLocked(ctx, directory, lock, options);
  } finally {
    await lock.release();
  }
}
