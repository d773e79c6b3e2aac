import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import { isShownSql } from '../access/repository-states';

export interface PlanRow {
  name: string;
  /** null: unlimited */
  private_repositories: number | null;
  /** of all layers of a namespace; null: unlimited */
  stored_bytes: number | null;
  position: number;
}

export async function listPlans(db: Db): Promise<PlanRow[]> {
  return query<PlanRow>(
    db,
    'select name, private_repositories, stored_bytes, position from plans order by position, name',
  );
}

export interface SlotsRow {
  plan: string;
  private_repositories: number | null;
  used: number;
}

const SLOTS = `select n.plan, p.private_repositories,
    (select count(*) from repositories r
     where r.namespace = n.name and r.visibility = 'private' and not r.is_remote and ${isShownSql('plan')}) as used
  from namespaces n join plans p on p.name = n.plan where n.name = $1`;

export async function findSlots(db: Db, namespace: string): Promise<SlotsRow | undefined> {
  return (await query<SlotsRow>(db, SLOTS, [namespace]))[0];
}

/**
 * Keeps others from using a slot of the namespace until the transaction ends. Foreign keys that refer to it are not
 * blocked.
 */
export async function lockNamespace(tx: Db, namespace: string): Promise<boolean> {
  const rows = await query(tx, 'select 1 from namespaces where name = $1 for no key update', [namespace]);
  return rows.length > 0;
}

/** @returns false when there is no such namespace */
export async function updatePlan(db: Db, namespace: string, plan: string): Promise<boolean> {
  const rows = await query(
    db,
    `update namespaces set plan = $2 where name = $1 and kind in ('user', 'organization') returning name`,
    [namespace, plan],
  );
  return rows.length > 0;
}

/** @returns whether the plan is new */
export async function upsertPlan(db: Db, plan: PlanRow): Promise<boolean> {
  const rows = await query<{ is_new: boolean }>(
    db,
    `insert into plans (name, private_repositories, stored_bytes, position) values ($1, $2, $3, $4)
     on conflict (name) do update set private_repositories = excluded.private_repositories,
       stored_bytes = excluded.stored_bytes, position = excluded.position
     returning xmax = 0 as is_new`,
    [plan.name, plan.private_repositories, plan.stored_bytes, plan.position],
  );
  return rows[0]?.is_new === true;
}

/** @returns false when there is no such plan; fails with a foreign key violation while a namespace has it */
export async function deletePlan(db: Db, name: string): Promise<boolean> {
  return (await query(db, 'delete from plans where name = $1 returning name', [name])).length > 0;
}
