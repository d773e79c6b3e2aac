import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

export interface IdentityRow {
  id: number;
  user_id: number;
  username: string;
  is_active: boolean;
  issuer: string;
  subject: string;
  email: string | null;
  made_admin: boolean;
  created_at: Date;
  last_used_at: Date;
}

const SELECT = `select i.id, i.user_id, u.username, u.is_active, i.issuer, i.subject, i.email, i.made_admin, i.created_at, i.last_used_at
  from openid_identities i join users u on u.id = i.user_id`;

/** The account of a user of a provider. */
export async function find(db: Db, issuer: string, subject: string): Promise<IdentityRow | undefined> {
  return (await query<IdentityRow>(db, `${SELECT} where i.issuer = $1 and i.subject = $2`, [issuer, subject]))[0];
}

/** The identities of an account, the oldest first. */
export async function listOf(db: Db, userId: number): Promise<IdentityRow[]> {
  return query<IdentityRow>(db, `${SELECT} where i.user_id = $1 order by i.id`, [userId]);
}

/** An identity of an account; undefined when the account has no such identity. */
export async function findOf(db: Db, userId: number, id: number): Promise<IdentityRow | undefined> {
  return (await query<IdentityRow>(db, `${SELECT} where i.user_id = $1 and i.id = $2`, [userId, id]))[0];
}

/** Fails with a unique violation when the identity has an account, or the account another identity of the provider. */
export async function insert(
  tx: Db,
  identity: { userId: number; issuer: string; subject: string; email: string | undefined },
): Promise<number> {
  const { userId, issuer, subject, email = null } = identity;
  const rows = await query<{ id: number }>(
    tx,
    'insert into openid_identities (user_id, issuer, subject, email) values ($1, $2, $3, $4) returning id',
    [userId, issuer, subject, email],
  );
  const id = rows[0]?.id;
  if (id === undefined) throw new Error('insert into openid_identities returned no row');
  return id;
}

/** Notes a sign-in with the identity. */
export async function touch(tx: Db, id: number, email: string | undefined): Promise<void> {
  await query(tx, 'update openid_identities set last_used_at = now(), email = $2 where id = $1', [id, email ?? null]);
}

/** Notes whether the group of administrators made the account one. */
export async function setMadeAdmin(tx: Db, id: number, isMade: boolean): Promise<void> {
  await query(tx, 'update openid_identities set made_admin = $2 where id = $1', [id, isMade]);
}

/** Its account keeps what the groups gave it: see `leaveGroups`. */
export async function deleteIdentity(tx: Db, id: number): Promise<void> {
  await query(tx, 'delete from openid_identities where id = $1', [id]);
}
