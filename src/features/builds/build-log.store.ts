import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

/**
 * Adds a chunk to the log of a build that this builder has, unless the log would become longer than `longest` bytes.
 *
 * @returns whether it was added
 */
export async function append(
  db: Db,
  of: { readonly buildId: number; readonly builder: string; readonly longest: number },
  text: string,
): Promise<boolean> {
  const rows = await query(
    db,
    `with counted as (
       update builds set log_chunks = log_chunks + 1, log_bytes = log_bytes + octet_length($3::text)
       where id = $1 and builder = $2 and state = 'building' and log_bytes + octet_length($3::text) <= $4
       returning id, log_chunks
     )
     insert into build_logs (build_id, seq, text) select id, log_chunks, $3 from counted returning 1`,
    [of.buildId, of.builder, text, of.longest],
  );
  return rows.length > 0;
}

export interface ChunkRow {
  seq: number;
  at: Date;
  text: string;
}

/** The chunks that follow one of a log, in their order. */
export async function listAfter(db: Db, buildId: number, seq: number, limit: number): Promise<ChunkRow[]> {
  const text = 'select seq, at, text from build_logs where build_id = $1 and seq > $2 order by seq limit $3';
  return query<ChunkRow>(db, text, [buildId, seq, limit]);
}

/** Adds a last chunk, which fills the log, so that it is added once. */
export async function appendLast(
  db: Db,
  of: { readonly buildId: number; readonly builder: string; readonly longest: number },
  text: string,
): Promise<void> {
  await query(
    db,
    `with counted as (
       update builds set log_chunks = log_chunks + 1, log_bytes = $4
       where id = $1 and builder = $2 and state = 'building' and log_bytes < $4 returning id, log_chunks
     )
     insert into build_logs (build_id, seq, text) select id, log_chunks, $3 from counted`,
    [of.buildId, of.builder, text, of.longest],
  );
}

/** The last chunks of a log that have at most so many bytes together, in their order. */
export async function listEnd(db: Db, buildId: number, bytes: number): Promise<ChunkRow[]> {
  const text = `select seq, at, text from (
      select seq, at, text, sum(octet_length(text)) over (order by seq desc) as bytes from build_logs where build_id = $1
    ) counted where bytes <= $2 order by seq`;
  return query<ChunkRow>(db, text, [buildId, bytes]);
}
