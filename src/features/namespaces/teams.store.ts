import type { Db } from '../../platform/db/db';
import { query, queryPage, type Page, type Range } from '../../platform/db/query';

export interface TeamRow {
  id: number;
  namespace: string;
  name: string;
  is_owners: boolean;
  description: string;
  member_count: number;
}

const COLUMNS = `t.id, t.namespace, t.name, t.is_owners, t.description,
  (select count(*) from team_members m where m.team_id = t.id) as member_count`;

/** Fails with a unique violation when the organization has a team of this name. */
export async function insertTeam(
  tx: Db,
  team: { namespace: string; name: string; isOwners: boolean; description: string },
): Promise<number> {
  const rows = await query<{ id: number }>(
    tx,
    'insert into teams (namespace, name, is_owners, description) values ($1, $2, $3, $4) returning id',
    [team.namespace, team.name, team.isOwners, team.description],
  );
  const id = rows[0]?.id;
  if (id === undefined) throw new Error('insert into teams returned no row');
  return id;
}

/** The teams of an organization: the owners first, then by name. */
export async function listTeams(db: Db, namespace: string, range?: Range): Promise<Page<TeamRow>> {
  return queryPage<TeamRow>(
    db,
    `select ${COLUMNS} from teams t where t.namespace = $1 order by t.is_owners desc, t.name`,
    [namespace],
    range,
  );
}

export async function findTeam(db: Db, namespace: string, name: string): Promise<TeamRow | undefined> {
  const rows = await query<TeamRow>(db, `select ${COLUMNS} from teams t where t.namespace = $1 and t.name = $2`, [
    namespace,
    name,
  ]);
  return rows[0];
}

/** Like `findTeam`; nothing else changes the team until the transaction ends. */
export async function lockNamed(tx: Db, namespace: string, name: string): Promise<TeamRow | undefined> {
  const rows = await query<TeamRow>(
    tx,
    `select ${COLUMNS} from teams t where t.namespace = $1 and t.name = $2 for update of t`,
    [namespace, name],
  );
  return rows[0];
}

export async function updateDescription(tx: Db, teamId: number, description: string): Promise<void> {
  await query(tx, 'update teams set description = $2 where id = $1', [teamId, description]);
}

export async function deleteTeam(tx: Db, teamId: number): Promise<boolean> {
  return (await query(tx, 'delete from teams where id = $1 returning id', [teamId])).length > 0;
}

export interface MemberRow {
  user_id: number;
  username: string;
  robot_of: string | null;
  created_at: Date;
  from_group: string | null;
}

/** The members by name. */
export async function listMembers(db: Db, teamId: number, range?: Range): Promise<Page<MemberRow>> {
  return queryPage<MemberRow>(
    db,
    `select u.id as user_id, u.username, u.robot_of, m.created_at, m.from_group
     from team_members m join users u on u.id = m.user_id where m.team_id = $1 order by u.username`,
    [teamId],
    range,
  );
}

/**
 * Adds a member whom a person added. An account that is a member because of a group stays one without the group.
 *
 * @returns false when the account is a member already
 */
export async function insertMember(tx: Db, teamId: number, userId: number): Promise<boolean> {
  const rows = await query(
    tx,
    `insert into team_members as m (team_id, user_id) values ($1, $2)
     on conflict (user_id, team_id) do update set from_group = null where m.from_group is not null
     returning user_id`,
    [teamId, userId],
  );
  return rows.length > 0;
}

/** Keeps the team's members from changing until the transaction ends. */
export async function lockTeam(tx: Db, teamId: number): Promise<boolean> {
  return (await query(tx, 'select 1 from teams where id = $1 for no key update', [teamId])).length > 0;
}

/** @returns false when the account is not a member */
export async function deleteMember(tx: Db, teamId: number, userId: number): Promise<boolean> {
  const rows = await query(tx, 'delete from team_members where team_id = $1 and user_id = $2 returning user_id', [
    teamId,
    userId,
  ]);
  return rows.length > 0;
}

/** The teams that an account is in, by name. */
export async function listOfMember(
  db: Db,
  userId: number,
): Promise<{ namespace: string; name: string; created_at: Date }[]> {
  return query(
    db,
    `select t.namespace, t.name, m.created_at from team_members m join teams t on t.id = m.team_id
     where m.user_id = $1 order by t.namespace, t.name`,
    [userId],
  );
}
