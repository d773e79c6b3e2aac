import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import type { RefType } from './builds.store';

export interface RuleRow {
  id: number;
  ref_type: RefType;
  ref_pattern: string;
  dockerfile_path: string;
  context_path: string;
  tag: string;
}

const COLUMNS = 'id, ref_type, ref_pattern, dockerfile_path, context_path, tag';

/** The rules of a source in their order. */
export async function list(db: Db, sourceId: number): Promise<RuleRow[]> {
  const text = `select ${COLUMNS} from build_rules where source_id = $1 order by position`;
  return query<RuleRow>(db, text, [sourceId]);
}

/** The same for the source of a repository. */
export async function listOfRepository(db: Db, repositoryId: number): Promise<RuleRow[]> {
  const text = `select ${COLUMNS} from build_rules
    where source_id = (select s.id from build_sources s where s.repository_id = $1) order by position`;
  return query<RuleRow>(db, text, [repositoryId]);
}

export async function insert(tx: Db, sourceId: number, position: number, rule: Omit<RuleRow, 'id'>): Promise<void> {
  await query(
    tx,
    `insert into build_rules (source_id, position, ref_type, ref_pattern, dockerfile_path, context_path, tag)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [sourceId, position, rule.ref_type, rule.ref_pattern, rule.dockerfile_path, rule.context_path, rule.tag],
  );
}

export async function update(tx: Db, sourceId: number, position: number, rule: RuleRow): Promise<boolean> {
  const rows = await query(
    tx,
    `update build_rules set position = $3, ref_type = $4, ref_pattern = $5, dockerfile_path = $6, context_path = $7,
       tag = $8
     where source_id = $1 and id = $2 returning 1`,
    [sourceId, rule.id, position, rule.ref_type, rule.ref_pattern, rule.dockerfile_path, rule.context_path, rule.tag],
  );
  return rows.length > 0;
}

/** Deletes the rules of a source except for these, and cancels the builds that wait for them. */
export async function deleteOthers(tx: Db, sourceId: number, kept: readonly number[]): Promise<void> {
  await query(
    tx,
    `update builds set state = 'cancelled', error = 'The build rule was removed', finished_at = now()
     where state = 'queued' and source_id = $1 and rule_id <> all ($2::bigint[])`,
    [sourceId, kept],
  );
  await query(tx, 'delete from build_rules where source_id = $1 and id <> all ($2::bigint[])', [sourceId, kept]);
}
