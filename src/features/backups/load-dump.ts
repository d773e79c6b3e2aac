import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { loadTables } from '../../platform/db/copy/load';
import type { Db } from '../../platform/db/db';
import { tableFile } from './folder';
import type { Manifest } from './manifest';
import { ProgressCounter, type OnProgress } from './progress';

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
    open: ({ name }) =>
      pipeline(createReadStream(tableFile(directory, database, name)), createGunzip(), () => undefined),
    onTable: ({ bytes }) => progress.add(bytes),
  });
}
