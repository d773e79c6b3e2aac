import { pipeline } from 'node:stream';
import type { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { DbConnection } from '../../platform/db/db';
import { withSnapshot, type Snapshot } from '../../platform/db/copy/snapshot';
import { writePrivateFile, type ByteSum } from '../../platform/files/private-files';
import * as store from './dump.store';
import { layerListFile, tableFile } from './folder';
import type { BackedUpTable, Manifest } from './manifest';
import { ProgressCounter, type OnProgress } from './progress';
import { countEnds } from './row-files';

/*
 * Tables whose rows stay behind. A restore creates a new server: browsers log in again there, links in mails of the old
 * one do not work, uploads in pieces have lost their pieces, and nobody is notified of pushes of last week.
 * What is being written to a bucket, or deleted, stays with the bucket.
 * Unlogged tables stay behind as well, and so does the queue of jobs, which is in a schema of its own.
 */
export const LEFT_OUT: readonly string[] = [
  'sessions',
  'email_links',
  'oauth_codes',
  'blob_uploads',
  'push_tellings',
  'pending_writes',
  'pending_deletions',
  'storage_comparisons',
  'resumable_writes',
  'storage_places',
  'storage_processes',
  'copied_blobs',
];

/** Where to write rows. */
export interface DumpTo {
  readonly directory: string;
  /** the name of the folder for the rows, which exists */
  readonly database: string;
  /** the tables without their rows */
  readonly leaveOut: readonly string[];
}

/** The parts of a manifest that the database fills. */
export type Dump = Pick<Manifest, 'postgres' | 'migrations' | 'tables' | 'sequences' | 'leftOut' | 'layers'>;

async function* countingRows(bytes: Readable, onRows: (count: number) => void): AsyncIterable<Buffer> {
  for await (const chunk of bytes) {
    onRows(countEnds(chunk as Buffer));
    yield chunk as Buffer;
  }
}

/** Writes rows into a file. */
async function writeRows(file: string, rows: Readable): Promise<ByteSum & { readonly rows: number }> {
  let count = 0;
  const zipped = pipeline(
    countingRows(rows, (more) => (count += more)),
    createGzip({ level: 6 }),
    () => undefined,
  );
  const sum = await writePrivateFile(file, zipped);
  return { ...sum, rows: count };
}

async function dumpTables(
  snapshot: Snapshot,
  directory: string,
  database: string,
  onProgress: OnProgress | undefined,
): Promise<BackedUpTable[]> {
  const progress = new ProgressCounter('tables', snapshot.tables.length, undefined, onProgress);
  const tables: BackedUpTable[] = [];
  for (const table of snapshot.tables) {
    const written = await writeRows(tableFile(directory, database, table.name), snapshot.copyTable(table));
    tables.push({ name: table.name, columns: [...table.columns], ...written });
    progress.add(written.bytes);
  }
  return tables;
}

/**
 * Writes all rows as they are at one moment, and the list of the layers that they need.
 *
 * @throws AppError `not_found` when Drydock has never used the database
 */
export async function dumpDatabase(
  connection: DbConnection,
  { directory, database, leaveOut }: DumpTo,
  onProgress?: OnProgress,
): Promise<Dump> {
  return withSnapshot(connection, new Set(leaveOut), async (snapshot) => {
    const tables = await dumpTables(snapshot, directory, database, onProgress);
    const listFile = layerListFile(directory, database);
    const { bytes, sha256, rows } = await writeRows(listFile, snapshot.copyQuery(store.LISTED_LAYERS));
    return {
      postgres: snapshot.serverVersion,
      migrations: [...snapshot.migrations],
      tables,
      sequences: [...snapshot.sequences],
      leftOut: [...leaveOut],
      layers: { count: rows, totalBytes: await store.sumOfListed(snapshot.run), bytes, sha256 },
    };
  });
}
