import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

export interface EmailRow {
  id: number;
  email: string;
  is_primary: boolean;
  is_verified: boolean;
  user_id: number;
  username: string;
  is_active: boolean;
  awaits_confirmation: boolean;
}

const SELECT = `select e.id, e.email, e.is_primary, e.verified_at is not null as is_verified, u.id as user_id, u.username,
  u.is_active, u.awaits_confirmation
  from emails e join users u on u.id = e.user_id`;

export async function findEmail(db: Db, emailId: number): Promise<EmailRow | undefined> {
  return (await query<EmailRow>(db, `${SELECT} where e.id = $1`, [emailId]))[0];
}

export async function findEmailOf(db: Db, userId: number, address: string): Promise<EmailRow | undefined> {
  const rows = await query<EmailRow>(db, `${SELECT} where u.id = $1 and lower(e.email) = lower($2)`, [userId, address]);
  return rows[0];
}

/**
 * The address itself, or an address of the account that has or had this name: a verified one first, the primary one
 * before others.
 */
export async function findNamedEmail(db: Db, nameOrAddress: string): Promise<EmailRow | undefined> {
  const rows = await query<EmailRow>(
    db,
    // The name is looked up once: without its own select, the function would run for each address.
    `${SELECT} where u.id = (select account_named(lower($1))) or lower(e.email) = lower($1)
     order by e.verified_at is null, e.is_primary desc, e.id limit 1`,
    [nameOrAddress],
  );
  return rows[0];
}

/**
 * The address that a user's mail goes to: a verified address, the primary one before others, or else the primary one.
 */
export async function findMailbox(db: Db, userId: number): Promise<EmailRow | undefined> {
  const rows = await query<EmailRow>(
    db,
    `${SELECT} where u.id = $1 and (e.verified_at is not null or e.is_primary)
     order by e.verified_at is null, e.is_primary desc, e.id limit 1`,
    [userId],
  );
  return rows[0];
}

/**
 * The address that a link to set a password goes to: the verified primary address; or, while the account has no
 * verified address at all, the primary one that it began with. It never goes to a secondary address.
 */
export async function findResetMailbox(
  db: Db,
  userId: number,
): Promise<(EmailRow & { is_too_new: boolean }) | undefined> {
  const rows = await query<EmailRow & { is_too_new: boolean }>(
    db,
    `select mailbox.*, coalesce(u.primary_email_changed_at > now() - interval '24 hours', false) as is_too_new
     from (${SELECT} where u.id = $1 and e.is_primary and (e.verified_at is not null
       or not exists (select 1 from emails other where other.user_id = u.id and other.verified_at is not null))) mailbox
       join users u on u.id = mailbox.user_id`,
    [userId],
  );
  return rows[0];
}

/** The addresses that get notices of changes: every verified address, or else the primary one. */
export async function listNoticeAddresses(
  db: Db,
  userId: number,
): Promise<{ username: string; addresses: readonly string[] }> {
  const rows = await query<{ username: string; addresses: string[] | null }>(
    db,
    `select u.username, (select array_agg(e.email order by e.is_primary desc, e.id) from emails e
       where e.user_id = u.id and (e.verified_at is not null or (e.is_primary
         and not exists (select 1 from emails o where o.user_id = u.id and o.verified_at is not null)))) as addresses
     from users u where u.id = $1`,
    [userId],
  );
  return { username: rows[0]?.username ?? '', addresses: rows[0]?.addresses ?? [] };
}

/**
 * Verifies an address. It becomes the primary one if the account has none.
 * @returns undefined when it was verified already
 */
export async function verifyEmail(db: Db, emailId: number): Promise<{ is_primary: boolean } | undefined> {
  const rows = await query<{ is_primary: boolean }>(
    db,
    `update emails e set verified_at = now(), is_primary = is_primary or not exists (
       select 1 from emails other where other.user_id = e.user_id and other.is_primary
     ) where id = $1 and verified_at is null returning is_primary`,
    [emailId],
  );
  return rows[0];
}

/** @returns false when the account did not wait for activation */
export async function activateWaiting(db: Db, userId: number): Promise<boolean> {
  const rows = await query(
    db,
    `update users set is_active = true, awaits_confirmation = false, updated_at = now()
     where id = $1 and awaits_confirmation returning id`,
    [userId],
  );
  return rows.length > 0;
}

/** How many addresses an account has. */
export async function countOf(db: Db, userId: number): Promise<number> {
  const rows = await query<{ count: number }>(db, 'select count(*)::int as count from emails where user_id = $1', [
    userId,
  ]);
  return rows[0]?.count ?? 0;
}

/** Takes a confirmed address from the accounts that have it only as an unconfirmed secondary address. */
export async function deleteUnverifiedCopies(db: Db, emailId: number): Promise<void> {
  await query(
    db,
    `delete from emails e using emails mine where mine.id = $1 and e.id <> mine.id
       and lower(e.email) = lower(mine.email) and e.verified_at is null and not e.is_primary`,
    [emailId],
  );
}

/** @returns how many secondary addresses were deleted that nobody had confirmed for so many days */
export async function forgetUnverified(db: Db, days: number): Promise<number> {
  const rows = await query(
    db,
    `delete from emails where verified_at is null and not is_primary and created_at < now() - make_interval(days => $1)
     returning id`,
    [days],
  );
  return rows.length;
}

/** Accounts without repositories that have waited for so many days to be confirmed. */
export async function listNeverConfirmed(db: Db, days: number): Promise<string[]> {
  const rows = await query<{ username: string }>(
    db,
    `select u.username from users u where u.awaits_confirmation and u.created_at < now() - make_interval(days => $1)
       and not exists (select 1 from repositories r where r.namespace = u.username)
     order by u.id limit 1000`,
    [days],
  );
  return rows.map(({ username }) => username);
}

/** Serializes changes of the account's addresses. */
export async function lockUser(db: Db, userId: number): Promise<void> {
  await query(db, 'select 1 from users where id = $1 for update', [userId]);
}

/**
 * Sets the primary address in two steps, so that an account never has two.
 *
 * @returns the former primary address
 */
export async function updatePrimary(db: Db, userId: number, emailId: number): Promise<string | undefined> {
  const former = await query<{ email: string }>(
    db,
    'update emails set is_primary = false where user_id = $1 and is_primary returning email',
    [userId],
  );
  await query(db, 'update emails set is_primary = true where id = $1', [emailId]);
  await notePrimaryChange(db, userId);
  return former[0]?.email;
}

/** From now on, and for some time, no mailed link can set a password. */
export async function notePrimaryChange(db: Db, userId: number): Promise<void> {
  await query(db, 'update users set primary_email_changed_at = now() where id = $1', [userId]);
}

/** The addresses of an account, the oldest first. */
export async function list(db: Db, userId: number): Promise<EmailRow[]> {
  return query<EmailRow>(db, `${SELECT} where u.id = $1 order by e.id`, [userId]);
}

/** @returns undefined when the account has no such secondary address */
export async function deleteSecondary(
  db: Db,
  userId: number,
  address: string,
): Promise<{ email: string; is_verified: boolean } | undefined> {
  const rows = await query<{ email: string; is_verified: boolean }>(
    db,
    `delete from emails where user_id = $1 and lower(email) = lower($2) and not is_primary
     returning email, verified_at is not null as is_verified`,
    [userId, address],
  );
  return rows[0];
}
