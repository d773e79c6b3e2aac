import type { Db } from '../../platform/db/db';
import { agoSql, inSql, query } from '../../platform/db/query';
import type { SentPart } from './objects';

/** A resumable write as its row has it. */
export interface ResumableRow {
  readonly id: string;
  /** of the object that the parts become */
  readonly key: string;
  readonly uploadId: string | null;
  readonly parts: readonly SentPart[];
  /** of an object with the bytes after the parts */
  readonly tailKey: string | null;
  readonly tailBytes: number;
  /** of all bytes, in hex; null: not known */
  readonly sha256: string | null;
}

/** What changes with a piece. */
export type ResumableState = Omit<ResumableRow, 'id'>;

const COLUMNS = `id, key, upload_id as "uploadId", parts, tail_key as "tailKey", tail_bytes as "tailBytes", sha256`;
const SIZE = `tail_bytes + coalesce((select sum((part->>'sizeBytes')::bigint) from jsonb_array_elements(parts) part), 0)`;

export async function insert(db: Db, id: string, key: string): Promise<void> {
  await query(db, 'insert into resumable_writes (id, key) values ($1, $2)', [id, key]);
}

/** The row, for a caller whose turn begins; undefined when there is none, or another caller's turn goes on. */
export async function beginTurn(db: Db, id: string, turn: string, ms: number): Promise<ResumableRow | undefined> {
  const rows = await query<ResumableRow>(
    db,
    `update resumable_writes set turn = $2, turn_until = ${inSql('$3')}, touched_at = now()
     where id = $1 and (turn is null or turn_until < now()) returning ${COLUMNS}`,
    [id, turn, ms],
  );
  return rows[0];
}

/** @returns false when the turn is over */
export async function prolongTurn(db: Db, id: string, turn: string, ms: number): Promise<boolean> {
  const rows = await query(
    db,
    `update resumable_writes set turn_until = ${inSql('$3')}, touched_at = now() where id = $1 and turn = $2 returning id`,
    [id, turn, ms],
  );
  return rows.length > 0;
}

/** Ends the turn without a change. */
export async function endTurn(db: Db, id: string, turn: string): Promise<void> {
  await query(db, 'update resumable_writes set turn = null where id = $1 and turn = $2', [id, turn]);
}

/** Records what has arrived. @returns false when the turn is over */
export async function record(db: Db, id: string, turn: string, state: ResumableState): Promise<boolean> {
  const { key, uploadId, parts, tailKey, tailBytes, sha256 } = state;
  const rows = await query(
    db,
    `update resumable_writes set key = $3, upload_id = $4, parts = $5, tail_key = $6, tail_bytes = $7, sha256 = $8,
       touched_at = now()
     where id = $1 and turn = $2 returning id`,
    [id, turn, key, uploadId, JSON.stringify(parts), tailKey, tailBytes, sha256],
  );
  return rows.length > 0;
}

/** @param turn - undefined: in any turn @returns undefined when there is no such row */
export async function remove(db: Db, id: string, turn?: string): Promise<ResumableRow | undefined> {
  const rows = await query<ResumableRow>(
    db,
    `delete from resumable_writes where id = $1 and ($2::text is null or turn = $2) returning ${COLUMNS}`,
    [id, turn ?? null],
  );
  return rows[0];
}

/** Removes a write that is idle still. @returns undefined when it is in use again, or gone */
export async function removeIdle(db: Db, id: string, idleMs: number): Promise<ResumableRow | undefined> {
  const rows = await query<ResumableRow>(
    db,
    `delete from resumable_writes where id = $1 and touched_at < ${agoSql('$2')} returning ${COLUMNS}`,
    [id, idleMs],
  );
  return rows[0];
}

export async function sizeOf(db: Db, id: string): Promise<number | undefined> {
  const rows = await query<{ size: string | number }>(
    db,
    `select ${SIZE} as size from resumable_writes where id = $1`,
    [id],
  );
  return rows[0] === undefined ? undefined : Number(rows[0].size);
}

/** All writes after an id, in the order of their ids. */
export async function listAfter(
  db: Db,
  after: string,
  limit: number,
): Promise<{ id: string; sizeBytes: number; idleMs: number }[]> {
  const rows = await query<{ id: string; size: string | number; idle: number }>(
    db,
    `select id, ${SIZE} as size, greatest(0, extract(epoch from now() - touched_at) * 1000)::float8 as idle
     from resumable_writes where id > $1 order by id limit $2`,
    [after, limit],
  );
  return rows.map(({ id, size, idle }) => ({ id, sizeBytes: Number(size), idleMs: idle }));
}

export async function findIdle(db: Db, idleMs: number, limit: number): Promise<string[]> {
  const rows = await query<{ id: string }>(
    db,
    `select id from resumable_writes where touched_at < ${agoSql('$1')} order by touched_at limit $2`,
    [idleMs, limit],
  );
  return rows.map(({ id }) => id);
}
