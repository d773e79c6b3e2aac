import type { Db } from '../../platform/db/db';
import { UNFINISHED_RESTORE } from '../../platform/db/migrate';
import { query } from '../../platform/db/query';

/*
 * While a backup is restored, the database has two tables more: the backup that is restored, and the layers that were
 * stored so far. No server starts on such a database (`platform/db/migrate.ts`).
 */

const LAYERS = `${UNFINISHED_RESTORE}_layers`;

/** What a database has. */
export interface DatabaseState {
  /** it has no tables, apart from those of a restore */
  is_empty: boolean;
  /** a restore has begun and not ended */
  is_restoring: boolean;
}

export async function stateOf(db: Db): Promise<DatabaseState> {
  const rows = await query<DatabaseState>(
    db,
    `select to_regclass('public.${UNFINISHED_RESTORE}') is not null as is_restoring,
       to_regnamespace('graphile_worker') is null and not exists (
         select 1 from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
           and c.relname not in ('${UNFINISHED_RESTORE}', '${LAYERS}')
           and not exists (select 1 from pg_depend d where d.objid = c.oid and d.deptype = 'e')
       ) as is_empty`,
  );
  return rows[0] ?? { is_empty: false, is_restoring: false };
}

/** Marks a database in which the restore of a backup begins. */
export async function begin(tx: Db, backup: string): Promise<void> {
  await query(tx, `create table public.${LAYERS} (digest text primary key, storage_key text not null)`);
  await query(tx, `create table public.${UNFINISHED_RESTORE} (backup text not null)`);
  await query(tx, `insert into public.${UNFINISHED_RESTORE} (backup) values ($1)`, [backup]);
}

/** The backup whose restore has begun. */
export async function findBackup(db: Db): Promise<string | undefined> {
  const rows = await query<{ backup: string }>(db, `select backup from public.${UNFINISHED_RESTORE}`);
  return rows[0]?.backup;
}

/** Takes the marks away. */
export async function end(tx: Db): Promise<void> {
  await query(tx, `drop table public.${UNFINISHED_RESTORE}, public.${LAYERS}`);
}

/** Remembers where a layer was stored. */
export async function addLayer(db: Db, digest: string, storageKey: string): Promise<void> {
  const text = `insert into public.${LAYERS} (digest, storage_key) values ($1, $2)
    on conflict (digest) do update set storage_key = excluded.storage_key`;
  await query(db, text, [digest, storageKey]);
}

/** Where a layer was stored; undefined if it was not. */
export async function findLayer(db: Db, digest: string): Promise<string | undefined> {
  const text = `select storage_key from public.${LAYERS} where digest = $1`;
  return (await query<{ storage_key: string }>(db, text, [digest]))[0]?.storage_key;
}

/** Points the rows of the blobs to the stored layers; those that are missing count as damaged. */
export async function pointToLayers(tx: Db): Promise<void> {
  await query(
    tx,
    `update blobs b set storage_key = l.storage_key, verified_at = null from public.${LAYERS} l where l.digest = b.digest`,
  );
  await query(
    tx,
    `update blobs b set damaged_at = now(), damage = 'missing'
     where damaged_at is null and not exists (select 1 from public.${LAYERS} l where l.digest = b.digest)`,
  );
}

/** Marks blobs whose stored bytes are not theirs. */
export async function markDamaged(db: Db, digest: string, damage: string): Promise<void> {
  const text = 'update blobs set damaged_at = now(), damage = $2 where digest = $1 and damaged_at is null';
  await query(db, text, [digest, damage]);
}
