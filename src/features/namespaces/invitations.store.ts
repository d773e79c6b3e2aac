import type { Db } from '../../platform/db/db';
import { inSql, query, queryPage, type Page, type Range } from '../../platform/db/query';

export interface InvitationRow {
  id: number;
  team_id: number;
  organization: string;
  team: string;
  username: string | null;
  email: string | null;
  invited_by: string;
  created_at: Date;
  expires_at: Date;
}

const SELECT = `select i.id, i.team_id, t.namespace as organization, t.name as team, u.username, i.email, i.invited_by,
    i.created_at, i.expires_at
  from invitations i join teams t on t.id = i.team_id left join users u on u.id = i.user_id`;

export async function insertInvitation(
  tx: Db,
  invitation: {
    teamId: number;
    userId: number | undefined;
    email: string | undefined;
    invitedBy: string;
    lastsMs: number;
  },
): Promise<number> {
  const rows = await query<{ id: number }>(
    tx,
    `insert into invitations (team_id, user_id, email, invited_by, expires_at)
     values ($1, $2, $3, $4, ${inSql('$5')}) returning id`,
    [invitation.teamId, invitation.userId ?? null, invitation.email ?? null, invitation.invitedBy, invitation.lastsMs],
  );
  const id = rows[0]?.id;
  if (id === undefined) throw new Error('insert into invitations returned no row');
  return id;
}

/** Deletes an earlier invitation of the same person to the same team, which a new one replaces. */
export async function deleteSame(
  tx: Db,
  invitation: { teamId: number; userId: number | undefined; email: string | undefined },
): Promise<void> {
  await query(tx, 'delete from invitations where team_id = $1 and (user_id = $2 or lower(email) = lower($3))', [
    invitation.teamId,
    invitation.userId ?? null,
    invitation.email ?? null,
  ]);
}

export async function listOfOrganization(db: Db, organization: string, range: Range): Promise<Page<InvitationRow>> {
  const text = `${SELECT} where t.namespace = $1 and i.expires_at > now() order by i.id`;
  return queryPage<InvitationRow>(db, text, [organization], range);
}

/** Invitations of the account, and of any address that it has confirmed. */
const IS_INVITED = `(i.user_id = $1 or exists (
  select 1 from emails e where e.user_id = $1 and e.verified_at is not null and lower(e.email) = lower(i.email)))`;

export async function listOfUser(db: Db, userId: number, range: Range): Promise<Page<InvitationRow>> {
  const text = `${SELECT} where ${IS_INVITED} and i.expires_at > now() order by i.id`;
  return queryPage<InvitationRow>(db, text, [userId], range);
}

/** Removes an invitation, and returns it, for the invited account. */
export async function takeOfUser(tx: Db, userId: number, invitationId: number): Promise<InvitationRow | undefined> {
  const rows = await query<InvitationRow>(
    tx,
    `${SELECT} where ${IS_INVITED} and i.id = $2 and i.expires_at > now() for update of i`,
    [userId, invitationId],
  );
  if (rows[0] !== undefined) await query(tx, 'delete from invitations where id = $1', [invitationId]);
  return rows[0];
}

/** Removes an invitation, and returns it, for anyone who has the secret of its link. */
export async function takeBySecret(tx: Db, secretHash: string): Promise<InvitationRow | undefined> {
  const rows = await query<InvitationRow>(
    tx,
    `${SELECT} where i.secret_hash = $1 and i.expires_at > now() for update of i`,
    [secretHash],
  );
  if (rows[0] !== undefined) await query(tx, 'delete from invitations where id = $1', [rows[0].id]);
  return rows[0];
}

export async function findBySecret(db: Db, secretHash: string): Promise<InvitationRow | undefined> {
  return (
    await query<InvitationRow>(db, `${SELECT} where i.secret_hash = $1 and i.expires_at > now()`, [secretHash])
  )[0];
}

export async function findInvitation(db: Db, invitationId: number): Promise<InvitationRow | undefined> {
  return (await query<InvitationRow>(db, `${SELECT} where i.id = $1 and i.expires_at > now()`, [invitationId]))[0];
}

/** @returns false when the organization has no invitation with this id */
export async function deleteOfOrganization(tx: Db, organization: string, invitationId: number): Promise<boolean> {
  const rows = await query(
    tx,
    `delete from invitations i using teams t where t.id = i.team_id and t.namespace = $1 and i.id = $2 returning i.id`,
    [organization, invitationId],
  );
  return rows.length > 0;
}

/** @returns false when the invitation is gone, or has expired */
export async function updateSecret(db: Db, invitationId: number, secretHash: string): Promise<boolean> {
  const rows = await query(
    db,
    'update invitations set secret_hash = $2 where id = $1 and expires_at > now() returning id',
    [invitationId, secretHash],
  );
  return rows.length > 0;
}

export async function deleteExpired(db: Db): Promise<void> {
  await query(db, 'delete from invitations where expires_at < now()');
}
