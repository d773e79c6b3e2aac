import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

export interface RenamedAccountRow {
  username: string;
  robot_of: string | null;
}

/** Keeps an account from changing in any way until the transaction ends, and from being referred to by new rows. */
export async function lockForRename(tx: Db, userId: number): Promise<RenamedAccountRow | undefined> {
  const rows = await query<RenamedAccountRow>(tx, 'select username, robot_of from users where id = $1 for update', [
    userId,
  ]);
  return rows[0];
}

/** Keeps an organization from changing: its robots, then its teams, of which it always has one. */
export async function lockOrganization(tx: Db, namespace: string): Promise<boolean> {
  await query(tx, 'select 1 from users where robot_of = $1 order by id for update', [namespace]);
  return (await query(tx, 'select 1 from teams where namespace = $1 order by id for update', [namespace])).length > 0;
}

/** Lets the robots of an organization follow it, after it was renamed. */
export async function renameRobots(tx: Db, from: string, to: string): Promise<void> {
  await query(tx, 'update users set username = $2 || substr(username, length($1) + 1) where robot_of = $2', [from, to]);
}

/** How many former names a namespace holds, and how often it was renamed lately. */
export async function countRenames(tx: Db, namespace: string, days: number): Promise<{ held: number; recent: number }> {
  const rows = await query<{ held: number; recent: number }>(
    tx,
    `select (count(*) filter (where released_at is null))::int as held,
       (count(*) filter (where renamed_at > now() - $2 * interval '1 day'))::int as recent
     from former_namespaces where namespace = $1`,
    [namespace, days],
  );
  return rows[0] ?? { held: 0, recent: 0 };
}

/** A repository whose name in the namespace `to` is the former name of another repository. */
export async function findBlocked(tx: Db, from: string, to: string): Promise<string | undefined> {
  const rows = await query<{ name: string }>(
    tx,
    `select r.name from repositories r join repository_aliases a on a.namespace = $2 and a.name = r.name
     where r.namespace = $1 and a.repository_id is distinct from r.id order by r.name limit 1`,
    [from, to],
  );
  return rows[0]?.name;
}

/** Fails with a unique violation when an account has the name. */
export async function renameUser(tx: Db, userId: number, to: string): Promise<void> {
  await query(tx, 'update users set username = $2, updated_at = now() where id = $1', [userId, to]);
}

/** Foreign keys let everything in it follow. Fails with a unique violation when the name is taken, held or retired. */
export async function renameNamespace(tx: Db, from: string, to: string): Promise<void> {
  await query(tx, 'update namespaces set name = $2 where name = $1', [from, to]);
}

/** Holds the old name for the namespace, which may get back one that it held. */
export async function holdFormerName(tx: Db, from: string, to: string): Promise<void> {
  await query(tx, 'update former_namespaces set released_at = now() where name = $1 and released_at is null', [to]);
  await query(tx, 'insert into former_namespaces (name, namespace) values ($1, $2)', [from, to]);
}

/** Leaves an alias for each repository in the renamed namespace, so that pulls by the old names go on. */
export async function leaveAliases(tx: Db, from: string, to: string): Promise<void> {
  await query(
    tx,
    `delete from repository_aliases a using repositories r
     where r.namespace = $1 and a.namespace = r.namespace and a.name = r.name and a.repository_id = r.id`,
    [to],
  );
  await query(
    tx,
    `insert into repository_aliases (namespace, name, repository_id)
     select $1, r.name, r.id from repositories r where r.namespace = $2`,
    [from, to],
  );
}

/** Lets what names the account or the namespace without a foreign key follow. The audit log keeps the old name. */
export async function followRename(tx: Db, from: string, to: string): Promise<void> {
  await query(tx, 'update invitations set invited_by = $2 where invited_by = $1', [from, to]);
  await query(tx, 'delete from storage_by_namespace where namespace = $1', [to]);
  await query(tx, 'update storage_by_namespace set namespace = $2 where namespace = $1', [from, to]);
}

/** The former names that a namespace holds, the oldest first. */
export async function listHeld(db: Db, namespace: string): Promise<{ name: string; renamed_at: Date }[]> {
  return query<{ name: string; renamed_at: Date }>(
    db,
    'select name, renamed_at from former_namespaces where namespace = $1 and released_at is null order by id',
    [namespace],
  );
}
