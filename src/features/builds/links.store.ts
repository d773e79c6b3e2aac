import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

/** Makes other changes of links wait: two of them could close a cycle together. */
export async function lockLinks(tx: Db): Promise<void> {
  await query(tx, 'lock table repository_links in share row exclusive mode');
}

/** Whether a repository is built, at the end of a chain of links, when the other one changes; also if they are the same. */
export async function dependsOn(tx: Db, repositoryId: number, baseId: number): Promise<boolean> {
  const rows = await query(
    tx,
    `with recursive bases as (
       select $1::bigint as id
       union
       select l.base_repository_id from bases b join repository_links l on l.repository_id = b.id
     ) select 1 from bases where id = $2`,
    [repositoryId, baseId],
  );
  return rows.length > 0;
}

export interface BaseRow {
  id: number;
  namespace: string;
  name: string;
  created_at: Date;
}

/** The bases of a repository, by name. */
export async function listBases(db: Db, repositoryId: number): Promise<BaseRow[]> {
  const text = `select r.id, r.namespace, r.name, l.created_at
    from repository_links l join repositories r on r.id = l.base_repository_id
    where l.repository_id = $1 order by r.namespace, r.name`;
  return query<BaseRow>(db, text, [repositoryId]);
}

export async function insert(tx: Db, repositoryId: number, baseId: number): Promise<void> {
  const text = `insert into repository_links (repository_id, base_repository_id) values ($1, $2) on conflict do nothing`;
  await query(tx, text, [repositoryId, baseId]);
}

/** @returns false when there is no such link */
export async function remove(tx: Db, repositoryId: number, baseId: number): Promise<boolean> {
  const text = 'delete from repository_links where repository_id = $1 and base_repository_id = $2 returning 1';
  return (await query(tx, text, [repositoryId, baseId])).length > 0;
}

export interface LinkedRow {
  source_id: number;
  repository_id: number;
  created_by: number | null;
  base_namespace: string;
  base_name: string;
}

/** The sources of the repositories that have a base. */
export async function listLinked(db: Db, baseId: number): Promise<LinkedRow[]> {
  const text = `select s.id as source_id, s.repository_id, s.created_by, base.namespace as base_namespace, base.name as base_name
    from repository_links l join build_sources s on s.repository_id = l.repository_id
      join repositories r on r.id = s.repository_id join repositories base on base.id = l.base_repository_id
    where l.base_repository_id = $1 and r.state <> 'deleting' order by s.id`;
  return query<LinkedRow>(db, text, [baseId]);
}
