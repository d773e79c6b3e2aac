import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

/** A team whose membership of an account is not what its groups say. */
export interface DueTeam {
  id: number;
  namespace: string;
  name: string;
  is_owners: boolean;
  /** the group that made the present membership */
  from_group: string | null;
  /** a group of the account that is one of the team; null: none is */
  wanted: string | null;
}

/** The teams that an account must join or leave because of its groups, in the order of their locks. */
export async function listDue(tx: Db, userId: number, groups: readonly string[]): Promise<DueTeam[]> {
  return query<DueTeam>(
    tx,
    `select * from (
       select t.id, t.namespace, t.name, t.is_owners, m.from_group, m.user_id is not null as is_member,
         (select min(g.group_name) from team_groups g where g.team_id = t.id and g.group_name = any ($2::text[])) as wanted
       from teams t left join team_members m on m.team_id = t.id and m.user_id = $1
       where m.from_group is not null
         or t.id in (select g.team_id from team_groups g where g.group_name = any ($2::text[]))
     ) due
     where not is_member or (from_group is not null and from_group is distinct from wanted)
     order by id`,
    [userId, groups],
  );
}

/** Those of the groups that are one of any team. */
export async function listKnownGroups(db: Db, groups: readonly string[]): Promise<string[]> {
  const rows = await query<{ group_name: string }>(
    db,
    'select distinct group_name from team_groups where group_name = any ($1::text[])',
    [groups],
  );
  return rows.map((row) => row.group_name);
}

/** A membership, and the group that is its reason. */
export interface GroupMember {
  teamId: number;
  userId: number;
  group: string;
}

/** Adds a member because of a group. @returns false when it is a member already, or the team has lost the group */
export async function insertMemberFrom(tx: Db, { teamId, userId, group }: GroupMember): Promise<boolean> {
  const rows = await query(
    tx,
    `insert into team_members (team_id, user_id, from_group)
     select g.team_id, $2, g.group_name from team_groups g where g.team_id = $1 and g.group_name = $3
     on conflict do nothing returning user_id`,
    [teamId, userId, group],
  );
  return rows.length > 0;
}

/** Notes that another group is the reason for a membership now, unless a person has made it theirs. */
export async function setFromGroup(tx: Db, { teamId, userId, group }: GroupMember): Promise<void> {
  await query(
    tx,
    `update team_members set from_group = $3 where team_id = $1 and user_id = $2 and from_group is not null
     and exists (select from team_groups where team_id = $1 and group_name = $3)`,
    [teamId, userId, group],
  );
}

/** @returns false when the account is not a member because of the group */
export async function deleteMemberFrom(tx: Db, { teamId, userId, group }: GroupMember): Promise<boolean> {
  const rows = await query(
    tx,
    'delete from team_members where team_id = $1 and user_id = $2 and from_group = $3 returning user_id',
    [teamId, userId, group],
  );
  return rows.length > 0;
}

/** The groups whose members are in the team, by name. */
export async function listGroups(db: Db, teamId: number): Promise<{ group_name: string; created_at: Date }[]> {
  return query(db, 'select group_name, created_at from team_groups where team_id = $1 order by group_name', [teamId]);
}

export async function insertGroup(tx: Db, teamId: number, group: string): Promise<void> {
  await query(tx, 'insert into team_groups (team_id, group_name) values ($1, $2)', [teamId, group]);
}

/** @returns false when the team does not have the group */
export async function deleteGroup(tx: Db, teamId: number, group: string): Promise<boolean> {
  const rows = await query(tx, 'delete from team_groups where team_id = $1 and group_name = $2 returning team_id', [
    teamId,
    group,
  ]);
  return rows.length > 0;
}

/** The members that the team has because of a group. */
export async function listMembersFrom(
  tx: Db,
  teamId: number,
  group: string,
): Promise<{ user_id: number; username: string }[]> {
  return query(
    tx,
    `select u.id as user_id, u.username from team_members m join users u on u.id = m.user_id
     where m.team_id = $1 and m.from_group = $2 order by u.id`,
    [teamId, group],
  );
}
