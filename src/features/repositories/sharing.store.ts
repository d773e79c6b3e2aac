import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import type { AccessLevel } from '../access/actor';

export interface CollaboratorRow {
  username: string;
  created_at: Date;
}

export async function listCollaborators(db: Db, repositoryId: number): Promise<CollaboratorRow[]> {
  return query<CollaboratorRow>(
    db,
    `select u.username, c.created_at from collaborators c join users u on u.id = c.user_id
     where c.repository_id = $1 order by u.username`,
    [repositoryId],
  );
}

/** @returns false when the user is a collaborator already */
export async function insertCollaborator(tx: Db, repositoryId: number, userId: number): Promise<boolean> {
  const rows = await query(
    tx,
    'insert into collaborators (repository_id, user_id) values ($1, $2) on conflict do nothing returning user_id',
    [repositoryId, userId],
  );
  return rows.length > 0;
}

/** @returns false when the user was not a collaborator */
export async function deleteCollaborator(tx: Db, repositoryId: number, userId: number): Promise<boolean> {
  const rows = await query(
    tx,
    'delete from collaborators where repository_id = $1 and user_id = $2 returning user_id',
    [repositoryId, userId],
  );
  return rows.length > 0;
}

export async function kindOfNamespace(db: Db, namespace: string): Promise<string | undefined> {
  return (await query<{ kind: string }>(db, 'select kind from namespaces where name = $1', [namespace]))[0]?.kind;
}

export interface TeamAccessRow {
  team: string;
  access: AccessLevel;
}

export async function listTeamAccess(db: Db, repositoryId: number): Promise<TeamAccessRow[]> {
  return query<TeamAccessRow>(
    db,
    `select t.name as team, p.access from team_repositories p join teams t on t.id = p.team_id
     where p.repository_id = $1 order by t.name`,
    [repositoryId],
  );
}

/** @returns false when the team has this access already */
export async function upsertTeamAccess(
  tx: Db,
  repositoryId: number,
  teamId: number,
  access: AccessLevel,
): Promise<boolean> {
  const rows = await query(
    tx,
    `insert into team_repositories (team_id, repository_id, access) values ($1, $2, $3)
     on conflict (team_id, repository_id) do update set access = excluded.access
       where team_repositories.access <> excluded.access
     returning team_id`,
    [teamId, repositoryId, access],
  );
  return rows.length > 0;
}

/** @returns false when the team had no access */
export async function deleteTeamAccess(tx: Db, repositoryId: number, teamId: number): Promise<boolean> {
  const rows = await query(
    tx,
    'delete from team_repositories where repository_id = $1 and team_id = $2 returning team_id',
    [repositoryId, teamId],
  );
  return rows.length > 0;
}

/** Deletes all shared access of a transferred repository: its former owners gave it. */
export async function deleteSharing(tx: Db, repositoryId: number): Promise<void> {
  await query(tx, 'delete from collaborators where repository_id = $1', [repositoryId]);
  await query(tx, 'delete from team_repositories where repository_id = $1', [repositoryId]);
}
