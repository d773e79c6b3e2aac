import type { Db } from '../../platform/db/db';
import { query, queryPage, type Page, type Range } from '../../platform/db/query';
import type { Identity } from '../access/actor';
import { CALLER_COLUMNS, callerJoins, namespaceRole, type CallerRow } from '../access/policy-sql';

export interface NamespaceAccessRow extends CallerRow {
  namespace: string | null;
  kind: 'library' | 'user' | 'organization' | 'remote' | null;
  namespace_role: 'admin' | null;
  /** the account is in any team of the organization */
  is_member: boolean;
}

/** Always one row: the account and the namespace, each as far as it exists. */
export async function findNamespaceAccess(
  db: Db,
  identity: Identity | undefined,
  namespace: string,
): Promise<NamespaceAccessRow> {
  // A token for some repositories gives no rights in the namespace itself.
  const rows = await query<NamespaceAccessRow>(
    db,
    `select ${CALLER_COLUMNS}, n.name as namespace, n.kind, ${namespaceRole(`''`)} as namespace_role,
       exists (select 1 from teams t join team_members m on m.team_id = t.id
               where t.namespace = n.name and m.user_id = u.id) as is_member
     from (select $3::text as name) asked ${callerJoins('$1', '$2')} left join namespaces n on n.name = asked.name`,
    [identity?.userId ?? null, identity?.accessTokenId ?? null, namespace],
  );
  const row = rows[0];
  if (row === undefined) throw new Error('the namespace query returned no row');
  return row;
}

/** Claims the name; fails with a unique violation when it is taken. */
export async function insertOrganization(tx: Db, name: string): Promise<void> {
  await query(tx, `insert into namespaces (name, kind) values ($1, 'organization')`, [name]);
}

/** Turns a user's namespace into an organization's; the account must be deleted in the same transaction. */
export async function convertNamespace(tx: Db, name: string): Promise<void> {
  await query(tx, `update namespaces set kind = 'organization', owner_id = null where name = $1`, [name]);
}

/**
 * Fails with a foreign key violation while it has repositories. Locks robots and teams first, in the order of locks.
 */
export async function deleteOrganization(tx: Db, name: string): Promise<boolean> {
  await query(tx, 'select 1 from users where robot_of = $1 order by id for no key update', [name]);
  await query(tx, 'select 1 from teams where namespace = $1 order by id for no key update', [name]);
  const rows = await query(tx, `delete from namespaces where name = $1 and kind = 'organization' returning name`, [
    name,
  ]);
  return rows.length > 0;
}

export interface OrganizationRow {
  name: string;
  plan: string;
  created_at: Date;
  team_count: number;
  member_count: number;
}

/**
 * The organizations by name.
 *
 * @param wanted.userId - undefined: all; otherwise those that the account is a member of
 * @param wanted.pattern - a pattern for the name; undefined: any
 */
export async function listOrganizations(
  db: Db,
  wanted: { userId: number | undefined; pattern?: string | undefined },
  range?: Range,
): Promise<Page<OrganizationRow>> {
  return queryPage<OrganizationRow>(
    db,
    `select n.name, n.plan, n.created_at,
       (select count(*) from teams t where t.namespace = n.name) as team_count,
       (select count(distinct m.user_id) from teams t join team_members m on m.team_id = t.id
        where t.namespace = n.name) as member_count
     from namespaces n
     where n.kind = 'organization' and ($1::bigint is null or exists (
       select 1 from teams t join team_members m on m.team_id = t.id where t.namespace = n.name and m.user_id = $1))
       and ($2::text is null or n.name like $2)
     order by n.name`,
    [wanted.userId ?? null, wanted.pattern ?? null],
    range,
  );
}

export interface OrganizationMemberRow {
  username: string;
  robot_of: string | null;
  teams: string[];
}

/** The members by name, each with their teams. */
export async function listOrganizationMembers(
  db: Db,
  organization: string,
  range: Range,
): Promise<Page<OrganizationMemberRow>> {
  return queryPage<OrganizationMemberRow>(
    db,
    `select u.username, u.robot_of, array_agg(t.name order by t.is_owners desc, t.name) as teams
     from teams t join team_members m on m.team_id = t.id join users u on u.id = m.user_id
     where t.namespace = $1 group by u.id order by u.username`,
    [organization],
    range,
  );
}
