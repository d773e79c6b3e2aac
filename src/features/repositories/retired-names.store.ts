import type { Db } from '../../platform/db/db';
import { query, queryPage, type Page, type Range } from '../../platform/db/query';

export interface RetiredRow {
  namespace: string;
  /** null: the namespace itself */
  name: string | null;
  since: Date;
  /** the namespace that had the name before it was renamed */
  held_by: string | null;
}

/** Names of namespaces that are gone or renamed, and former names of repositories that are gone, by name. */
export async function list(db: Db, range?: Range): Promise<Page<RetiredRow>> {
  return queryPage<RetiredRow>(
    db,
    `select coalesce(p.name, f.name) as namespace, null as name, coalesce(f.renamed_at, p.since) as since,
       f.namespace as held_by
     from pushed_namespaces p
       full join (select * from former_namespaces where released_at is null) f on f.name = p.name
     where not exists (select 1 from namespaces n where n.name = coalesce(p.name, f.name))
     union all
     select namespace, name, created_at, null from repository_aliases where repository_id is null
     order by namespace, name nulls first`,
    [],
    range,
  );
}

/** @returns false when the name is neither retired nor held */
export async function freeNamespace(tx: Db, namespace: string): Promise<boolean> {
  const held = await query(
    tx,
    'update former_namespaces set released_at = now() where name = $1 and released_at is null returning name',
    [namespace],
  );
  const rows = await query(
    tx,
    `delete from pushed_namespaces p
     where p.name = $1 and not exists (select 1 from namespaces n where n.name = p.name) returning name`,
    [namespace],
  );
  return held.length + rows.length > 0;
}

/** Frees the former names within a namespace of repositories that are gone. */
export async function freeAllWithin(tx: Db, namespace: string): Promise<void> {
  await query(tx, 'delete from repository_aliases where namespace = $1 and repository_id is null', [namespace]);
}

/** @returns false when the name is not retired */
export async function freeRepository(tx: Db, namespace: string, name: string): Promise<boolean> {
  const rows = await query(
    tx,
    'delete from repository_aliases where namespace = $1 and name = $2 and repository_id is null returning name',
    [namespace, name],
  );
  return rows.length > 0;
}
