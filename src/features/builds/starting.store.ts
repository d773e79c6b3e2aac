import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import type { RefType } from './builds.store';

/** The ref that a rule has built last. */
export async function findLastRef(
  db: Db,
  ruleId: number,
): Promise<{ ref_type: RefType; ref_name: string; tag: string } | undefined> {
  const text = `select ref_type, ref_name, tag from builds where rule_id = $1 order by id desc limit 1`;
  return (await query<{ ref_type: RefType; ref_name: string; tag: string }>(db, text, [ruleId]))[0];
}

export interface RetriedRow {
  rule_id: number | null;
  ref_type: RefType;
  ref_name: string;
}

/** The rule and the ref of a build. */
export async function findRetried(db: Db, repositoryId: number, id: number): Promise<RetriedRow | undefined> {
  const text = 'select rule_id, ref_type, ref_name from builds where repository_id = $1 and id = $2';
  return (await query<RetriedRow>(db, text, [repositoryId, id]))[0];
}

/** Asks the builder of a running build to stop. @returns false when it does not run */
export async function requestCancel(tx: Db, id: number): Promise<boolean> {
  const rows = await query(
    tx,
    `update builds set cancel_requested_at = coalesce(cancel_requested_at, now())
     where id = $1 and state = 'building' returning 1`,
    [id],
  );
  return rows.length > 0;
}
