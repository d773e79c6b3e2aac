import { loadTables } from '../../platform/db/copy/load';
import type { Db } from '../../platform/db/db';
import { cancelOpenBuilds } from '../builds/running';
import { endOpenRuns } from '../maintenance/runs';
import { endOpenRetentionRuns } from '../retention/runs';
import { giveUpDeliveries } from '../webhooks/deliveries';
import { tableFile } from './folder';
import type { Manifest } from './manifest';
import { ProgressCounter, type OnProgress } from './progress';
import { openRows } from './row-files';

/**
 * Loads the rows of a backup into the tables that its migrations have created.
 *
 * @param tx - a transaction without a time limit
 */
export async function loadDump(
  tx: Db,
  directory: string,
  { tables, sequences, database }: Pick<Manifest, 'tables' | 'sequences' | 'database'>,
  onProgress?: OnProgress,
): Promise<void> {
  const totalBytes = tables.reduce((sum, { bytes }) => sum + bytes, 0);
  const progress = new ProgressCounter('tables', tables.length, totalBytes, onProgress);
  await loadTables(tx, {
    tables,
    sequences,
    open: ({ name }) => openRows(tableFile(directory, database, name)),
    onTable: ({ bytes }) => progress.add(bytes),
  });
}

/** Ends what only the server could go on with from which the rows are. */
export async function endItsWork(tx: Db): Promise<void> {
  await giveUpDeliveries(tx);
  await cancelOpenBuilds(tx, 'The server was restored from a backup: start the build again');
  await endOpenRuns(tx);
  await endOpenRetentionRuns(tx);
}
