import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

/** Replaces the trigger of a source. */
export async function upsert(tx: Db, sourceId: number, secretHash: Buffer): Promise<void> {
  await query(
    tx,
    `insert into build_triggers as t (source_id, secret_hash) values ($1, $2)
     on conflict (source_id) do update set secret_hash = excluded.secret_hash, created_at = now()`,
    [sourceId, secretHash],
  );
}

/** @returns false when there is none */
export async function remove(tx: Db, sourceId: number): Promise<boolean> {
  return (await query(tx, 'delete from build_triggers where source_id = $1 returning 1', [sourceId])).length > 0;
}

/** When the trigger of a source was created. */
export async function findCreatedAt(db: Db, sourceId: number): Promise<Date | undefined> {
  const text = 'select created_at from build_triggers where source_id = $1';
  return (await query<{ created_at: Date }>(db, text, [sourceId]))[0]?.created_at;
}

/** The source of a trigger. */
export async function findBySecret(
  db: Db,
  secretHash: Buffer,
): Promise<{ source_id: number; repository_id: number } | undefined> {
  const text = `select t.source_id, s.repository_id from build_triggers t join build_sources s on s.id = t.source_id
    join repositories r on r.id = s.repository_id where t.secret_hash = $1 and r.state <> 'deleting'`;
  return (await query<{ source_id: number; repository_id: number }>(db, text, [secretHash]))[0];
}

/**
 * Locks a source for a call.
 *
 * @returns why the call is ignored: a build of a trigger waits, or one was started in the last minutes
 */
export async function lockAndAsk(
  tx: Db,
  sourceId: number,
  minutes: number,
): Promise<'pending' | 'too_often' | undefined> {
  await query(tx, 'select 1 from build_sources where id = $1 for no key update', [sourceId]);
  const rows = await query<{ is_pending: boolean; is_too_often: boolean }>(
    tx,
    `select exists (select from builds where source_id = $1 and cause = 'trigger' and state = 'queued') as is_pending,
       exists (select from build_trigger_calls where source_id = $1 and outcome = 'started'
         and at > now() - $2 * interval '1 minute') as is_too_often`,
    [sourceId, minutes],
  );
  if (rows[0]?.is_pending === true) return 'pending';
  return rows[0]?.is_too_often === true ? 'too_often' : undefined;
}

export interface CallRow {
  at: Date;
  address: string;
  asked: string;
  outcome: string;
}

/** Remembers a call, and forgets all but the last ones. */
export async function recordCall(tx: Db, sourceId: number, call: Omit<CallRow, 'at'>, kept: number): Promise<void> {
  await query(tx, 'insert into build_trigger_calls (source_id, address, asked, outcome) values ($1, $2, $3, $4)', [
    sourceId,
    call.address,
    call.asked,
    call.outcome,
  ]);
  await query(
    tx,
    `delete from build_trigger_calls where source_id = $1 and id not in (
       select id from build_trigger_calls where source_id = $1 order by outcome = 'started' desc, id desc limit 1)
     and id not in (select id from build_trigger_calls where source_id = $1 order by id desc limit $2)`,
    [sourceId, kept],
  );
}

/** The last calls, the newest first. */
export async function listCalls(db: Db, sourceId: number, limit: number): Promise<CallRow[]> {
  const text = `select at, address, asked, outcome from build_trigger_calls where source_id = $1 order by id desc limit $2`;
  return query<CallRow>(db, text, [sourceId, limit]);
}
