import type { Db } from '../../platform/db/db';
import { agoSql, query } from '../../platform/db/query';

/*
 * Objects that may have no row in `blobs`: those that are being written, and complete ones until a sweep finds their row.
 * An object gets its row here before its first byte is sent, so that a crash leaves none that nobody knows.
 */

/** A write that its process did not finish. */
export interface PendingWrite {
  readonly key: string;
  /** of its multipart upload */
  readonly uploadId: string | null;
}

/** Records an object before its first bytes; fine if it is recorded. */
export async function begin(db: Db, key: string): Promise<void> {
  await query(db, 'insert into pending_writes (key) values ($1) on conflict (key) do update set touched_at = now()', [
    key,
  ]);
}

/**
 * Records an object whose key may have been used by a write that was killed.
 *
 * @returns the id of that one's multipart upload
 */
export async function beginAgain(db: Db, key: string): Promise<string | null> {
  const rows = await query<{ was: string | null }>(
    db,
    `with before as (select upload_id from pending_writes where key = $1 for update),
       begun as (insert into pending_writes (key) values ($1)
         on conflict (key) do update set upload_id = null, is_written = false, touched_at = now())
     select (select upload_id from before) as was`,
    [key],
  );
  return rows[0]?.was ?? null;
}

/** Whether an object is recorded whose bytes may have begun to arrive. */
export async function isBegun(db: Db, key: string): Promise<boolean> {
  return (await query(db, 'select from pending_writes where key = $1 and not is_written', [key])).length > 0;
}

export async function setUpload(db: Db, key: string, uploadId: string): Promise<void> {
  await query(db, 'update pending_writes set upload_id = $2, touched_at = now() where key = $1', [key, uploadId]);
}

/** The object is complete. @returns false when a sweep took the write for dead */
export async function finish(db: Db, key: string): Promise<boolean> {
  const rows = await query(
    db,
    'update pending_writes set is_written = true, upload_id = null, touched_at = now() where key = $1 returning key',
    [key],
  );
  return rows.length > 0;
}

/** A sign of life. */
export async function touch(db: Db, keys: readonly string[]): Promise<void> {
  await query(db, 'update pending_writes set touched_at = now() where key = any($1)', [keys]);
}

export async function forget(db: Db, keys: readonly string[]): Promise<void> {
  await query(db, 'delete from pending_writes where key = any($1)', [keys]);
}

/**
 * Locks unfinished writes that show no sign of life within this time; their writers then cannot finish them. Leaves out
 * those that are alive again, or gone, or locked by another sweep.
 */
export async function lockDead(tx: Db, keys: readonly string[], idleMs: number): Promise<PendingWrite[]> {
  return query<{ key: string; uploadId: string | null }>(
    tx,
    `select key, upload_id as "uploadId" from pending_writes
     where key = any($1) and not is_written and touched_at < ${agoSql('$2')} for update skip locked`,
    [keys, idleMs],
  );
}

/** Unfinished writes without a sign of life within this time, except resumable ones, the oldest first. */
export async function findDead(db: Db, idleMs: number, limit: number): Promise<string[]> {
  const rows = await query<{ key: string }>(
    db,
    `select key from pending_writes p
     where not is_written and touched_at < ${agoSql('$1')}
       and not exists (select from resumable_writes r where r.key = p.key)
       and not exists (select from resumable_writes r where r.tail_key = p.key)
     order by touched_at limit $2`,
    [idleMs, limit],
  );
  return rows.map(({ key }) => key);
}

/** The last signs of life of objects, by their keys, and which of them are being written. */
export async function statesOf(
  db: Db,
  keys: readonly string[],
): Promise<Map<string, { readonly isWritten: boolean; readonly touchedAt: Date }>> {
  const rows = await query<{ key: string; is_written: boolean; touched_at: Date }>(
    db,
    'select key, is_written, touched_at from pending_writes where key = any($1)',
    [keys],
  );
  return new Map(rows.map((row) => [row.key, { isWritten: row.is_written, touchedAt: row.touched_at }]));
}

/** Complete objects since longer than this, after a key, in the order of their keys. */
export async function findWritten(
  db: Db,
  { ageMs, after, limit }: { readonly ageMs: number; readonly after: string; readonly limit: number },
): Promise<string[]> {
  const rows = await query<{ key: string }>(
    db,
    `select key from pending_writes where is_written and touched_at < ${agoSql('$1')} and key > $2 order by key limit $3`,
    [ageMs, after, limit],
  );
  return rows.map(({ key }) => key);
}
