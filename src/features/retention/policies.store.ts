import type { Db } from '../../platform/db/db';
import { query, queryPage, type Page, type Range } from '../../platform/db/query';

export interface RulesRow {
  keep_last: number | null;
  keep_days: number | null;
  keep_tags: string[];
  only_tags: string[];
}

export interface PolicyRow extends RulesRow {
  /** null: of the repository */
  namespace: string | null;
  changed_by: string;
  changed_at: Date;
}

const COLUMNS = 'p.namespace, p.keep_last, p.keep_days, p.keep_tags, p.only_tags, p.changed_by, p.changed_at';

/** SQL of the policy of the repository `r`, as `p`: its own, or else the one of its namespace. */
export const APPLYING = `coalesce(
  (select o.id from retention_policies o where o.repository_id = r.id),
  (select o.id from retention_policies o where o.namespace = r.namespace))`;

/** SQL of whether the policy `p` says what stays. */
export const HAS_RULES = `(p.keep_last is not null or p.keep_days is not null or p.keep_tags <> '{}')`;

/** The policy that applies to a repository: its own, or the one of its namespace. */
export async function findApplying(db: Db, repositoryId: number): Promise<PolicyRow | undefined> {
  const text = `select ${COLUMNS} from repositories r join retention_policies p on p.id = ${APPLYING} where r.id = $1`;
  return (await query<PolicyRow>(db, text, [repositoryId]))[0];
}

/** The same, which nobody changes until the transaction ends. */
export async function lockApplying(tx: Db, repositoryId: number): Promise<PolicyRow | undefined> {
  const text = `select ${COLUMNS} from repositories r join retention_policies p on p.id = ${APPLYING}
    where r.id = $1 for share of p`;
  return (await query<PolicyRow>(tx, text, [repositoryId]))[0];
}

/** The policy of a namespace. */
export async function findOfNamespace(db: Db, namespace: string): Promise<PolicyRow | undefined> {
  const text = `select ${COLUMNS} from retention_policies p where p.namespace = $1`;
  return (await query<PolicyRow>(db, text, [namespace]))[0];
}

/** Whose policy it is. */
export type PolicyOwner = { readonly repositoryId: number } | { readonly namespace: string };

/** A condition on the owner, and its value. */
function ownedBy(owner: PolicyOwner): { column: string; value: string | number } {
  return 'namespace' in owner
    ? { column: 'namespace', value: owner.namespace }
    : { column: 'repository_id', value: owner.repositoryId };
}

export async function upsert(tx: Db, owner: PolicyOwner, rules: RulesRow, changedBy: string): Promise<void> {
  const { column, value } = ownedBy(owner);
  await query(
    tx,
    `insert into retention_policies (${column}, keep_last, keep_days, keep_tags, only_tags, changed_by)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (${column}) do update set keep_last = excluded.keep_last, keep_days = excluded.keep_days,
       keep_tags = excluded.keep_tags, only_tags = excluded.only_tags, changed_by = excluded.changed_by, changed_at = now()`,
    [value, rules.keep_last, rules.keep_days, rules.keep_tags, rules.only_tags, changedBy],
  );
}

/** @returns false when there was none */
export async function remove(tx: Db, owner: PolicyOwner): Promise<boolean> {
  const { column, value } = ownedBy(owner);
  return (await query(tx, `delete from retention_policies where ${column} = $1 returning id`, [value])).length > 0;
}

export interface RepositoryRow {
  id: number;
  name: string;
  immutable_tags: string[];
  has_own_policy: boolean;
}

/** The repositories of a namespace, by name. */
export async function listRepositories(db: Db, namespace: string, range: Range): Promise<Page<RepositoryRow>> {
  return queryPage<RepositoryRow>(
    db,
    `select r.id, r.name, r.immutable_tags,
       exists (select 1 from retention_policies p where p.repository_id = r.id) as has_own_policy
     from repositories r where r.namespace = $1 and r.state <> 'deleting' order by r.name`,
    [namespace],
    range,
  );
}
