import type { Db } from '../../platform/db/db';
import { agoSql, query } from '../../platform/db/query';

/** A comparison that has not ended. */
export interface ComparisonRow<F> {
  readonly id: number;
  /** how many folders are done */
  readonly compared: number;
  readonly found: F;
}

/** How a comparison was started. */
export interface ComparisonKind {
  readonly isApplied: boolean;
  readonly olderThanMs: number;
}

/** The last comparison of this kind that has not ended and began within this time. */
export async function findOpen<F>(
  db: Db,
  { isApplied, olderThanMs }: ComparisonKind,
  withinMs: number,
): Promise<ComparisonRow<F> | undefined> {
  const rows = await query<{ id: number; compared: number; found: F }>(
    db,
    `select id, compared, found from storage_comparisons
     where is_applied = $1 and older_than_ms = $2 and started_at > ${agoSql('$3')} order by id desc limit 1`,
    [isApplied, olderThanMs, withinMs],
  );
  return rows[0];
}

/** Begins a comparison; those before are forgotten. */
export async function begin<F extends object>(
  db: Db,
  { isApplied, olderThanMs }: ComparisonKind,
  found: F,
): Promise<ComparisonRow<F>> {
  const rows = await query<{ id: number; compared: number; found: F }>(
    db,
    `with before as (delete from storage_comparisons)
     insert into storage_comparisons (is_applied, older_than_ms, found) values ($1, $2, $3) returning id, compared, found`,
    [isApplied, olderThanMs, JSON.stringify(found)],
  );
  if (rows[0] === undefined) throw new Error('insert into storage_comparisons returned no row');
  return rows[0];
}

/** Records that one more folder is done. @returns false when another process goes on with the comparison */
export async function advance(db: Db, id: number, compared: number, found: object): Promise<boolean> {
  const rows = await query(
    db,
    'update storage_comparisons set compared = $2, found = $3 where id = $1 and compared = $2 - 1 returning id',
    [id, compared, JSON.stringify(found)],
  );
  return rows.length > 0;
}

export async function end(db: Db, id: number): Promise<void> {
  await query(db, 'delete from storage_comparisons where id = $1', [id]);
}

/** A row of a blob that is not known to be damaged. */
export interface ComparedRow {
  readonly digest: string;
  readonly storageKey: string;
  readonly sizeBytes: number;
}

const COLUMNS = 'digest, storage_key as "storageKey", size_bytes as "sizeBytes"';

/**
 * The rows whose keys are in a folder, after a key, in the order of their keys.
 *
 * @param folder - ends with a slash; what is in it begins with a hexadecimal digit
 */
export async function listInFolder(db: Db, folder: string, after: string, limit: number): Promise<ComparedRow[]> {
  // Both limits hold whatever the order of the database's language is, and let it use the index of the keys.
  return query<ComparedRow & { digest: string }>(
    db,
    `select ${COLUMNS} from blobs
     where storage_key > $1 and storage_key < $2 and starts_with(storage_key, $3) and damaged_at is null
     order by storage_key limit $4`,
    [after === '' ? folder : after, `${folder}g`, folder, limit],
  );
}

/** The rows whose keys are in no folder of any store, after a digest, in the order of their digests. */
export async function listElsewhere(db: Db, after: string, limit: number): Promise<ComparedRow[]> {
  return query<ComparedRow & { digest: string }>(
    db,
    `select ${COLUMNS} from blobs
     where storage_key !~ '^(sha256|blobs)/[0-9a-f]{2}/' and damaged_at is null and digest > $1 order by digest limit $2`,
    [after, limit],
  );
}

/** Those of the keys that are in use, or are deleted by the next sweep. */
export async function findExpected(db: Db, keys: readonly string[]): Promise<Set<string>> {
  const rows = await query<{ key: string }>(
    db,
    `select storage_key as key from blobs where storage_key = any ($1::text[])
     union all select key from pending_deletions where key = any ($1::text[])`,
    [keys],
  );
  return new Set(rows.map(({ key }) => key));
}

/** Whether a row still points to its object. */
export async function isRecorded(db: Db, { digest, storageKey }: ComparedRow): Promise<boolean> {
  const rows = await query(db, 'select 1 from blobs where digest = $1 and storage_key = $2', [digest, storageKey]);
  return rows.length > 0;
}
