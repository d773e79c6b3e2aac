import type { Needs } from '../../context';
import type { DbConnection } from '../../platform/db/db';
import { isDiskFull } from '../../platform/error-code';
import { AppError } from '../../platform/errors';
import { OPERATOR, recordEvent } from '../audit/audit';
import { holdDeletions } from '../storage/deletion-hold';
import { copyLayers, type CopiedLayers } from './copy-layers';
import { dumpDatabase, LEFT_OUT } from './dump';
import { layerListFile, newDatabaseName, prepareTarget, prune, putManifest } from './folder';
import { readDigests, readLayerList } from './layer-list';
import { newManifest, type Manifest } from './manifest';
import type { OnProgress } from './progress';

/*
 * A backup is one moment of the database, and the layers that it needs, next to a running server:
 *
 *   1. The hold keeps all stored bytes from now on (`storage/deletion-hold.ts`).
 *   2. A snapshot of the database is written, table by table.
 *   3. The layers of the snapshot are copied that the directory lacks.
 *   4. If the hold was kept all the time, the manifest replaces the one before.
 *
 * A kill leaves files without a manifest, or the backup before, and the next run continues with the layers.
 */

/** The database and the storage of a server. */
export type BackupNeeds = Needs<'db' | 'blobs' | 'log'> & { readonly connection: DbConnection };

/** How to back up. */
export interface BackupOptions {
  /** the version of Drydock */
  readonly version: string;
  readonly onProgress?: OnProgress;
}

/** What is in a new backup. */
export interface BackedUp extends CopiedLayers {
  readonly manifest: Manifest;
}

const LOST = 'The connection to the database was lost during the backup: run it again, and it continues';

function translated(error: unknown, directory: string): unknown {
  if (!isDiskFull(error)) return error;
  const message = `There is no room in ${directory} for the backup: free some and run it again, and it continues`;
  return new AppError('storage_full', message, { cause: error });
}

async function backUpHeld(
  ctx: BackupNeeds,
  directory: string,
  hold: { readonly lost: AbortSignal; assertHeld(): Promise<void> },
  { version, onProgress }: BackupOptions,
): Promise<BackedUp> {
  const now = new Date();
  const database = newDatabaseName(now);
  await prepareTarget(directory, database);
  const dump = await dumpDatabase(ctx.connection, { directory, database, leaveOut: LEFT_OUT }, onProgress);
  const list = layerListFile(directory, database);
  const { count, totalBytes } = dump.layers;
  const options = { count, totalBytes, stopping: hold.lost, onProgress };
  const copied = await copyLayers(ctx, directory, readLayerList(list), options);
  await hold.assertHeld();
  const facts = { layers: count, bytes: totalBytes, damaged: copied.damaged.length };
  await recordEvent(ctx.db, OPERATOR, { action: 'backup.run', subject: '', details: facts });
  const manifest = newManifest({ drydock: version, database, ...dump, damaged: [...copied.damaged] }, now);
  await putManifest(directory, manifest);
  await prune(directory, manifest, readDigests(list));
  return { ...copied, manifest };
}

/**
 * Backs up the database and the layers of a server, whether or not it is running.
 *
 * @param directory - created if it is missing; may have an older backup, which is replaced at the end
 * @throws AppError `conflict` when another backup is running, or the directory has something else; `not_found` when there is
 *   nothing to back up; `storage_full`; `unavailable` when the connection to the database was lost
 */
export async function backUp(ctx: BackupNeeds, directory: string, options: BackupOptions): Promise<BackedUp> {
  const hold = await holdDeletions(ctx.connection);
  if (hold === undefined) {
    throw new AppError('conflict', 'Another backup of this server is running: wait until it has ended');
  }
  try {
    return await backUpHeld(ctx, directory, hold, options);
  } catch (error) {
    if (hold.lost.aborted) throw new AppError('unavailable', LOST, { cause: error });
    throw translated(error, directory);
  } finally {
    await hold.release();
  }
}
