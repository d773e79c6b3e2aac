import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

export type LinkPurpose = 'confirm' | 'reset';

export interface LinkRow {
  email_id: number;
  user_id: number;
  username: string;
  is_active: boolean;
  awaits_confirmation: boolean;
  email: string;
  is_primary: boolean;
}

/** A reset link ends when the password changes, or when its address is no longer the primary one. */
const IS_GOOD = `l.hash = $1 and l.purpose = $2 and l.used_at is null and l.expires_at > now()
  and e.id = l.email_id and u.id = e.user_id
  and (l.purpose <> 'reset' or (l.credentials_epoch = u.credentials_epoch and e.is_primary))`;

const COLUMNS =
  'e.id as email_id, u.id as user_id, u.username, u.is_active, u.awaits_confirmation, e.email, e.is_primary';

/** @param hash - the secret's sha256 */
export async function insertLink(
  db: Db,
  link: { hash: Buffer; purpose: LinkPurpose; emailId: number; lifeSeconds: number },
): Promise<void> {
  await query(
    db,
    `insert into email_links (hash, purpose, email_id, credentials_epoch, expires_at)
     select $1, $2, e.id, u.credentials_epoch, now() + make_interval(secs => $4)
     from emails e join users u on u.id = e.user_id where e.id = $3`,
    [link.hash, link.purpose, link.emailId, link.lifeSeconds],
  );
}

export async function findGoodLink(db: Db, hash: Buffer, purpose: LinkPurpose): Promise<LinkRow | undefined> {
  const rows = await query<LinkRow>(db, `select ${COLUMNS} from email_links l, emails e, users u where ${IS_GOOD}`, [
    hash,
    purpose,
  ]);
  return rows[0];
}

/** If two requests take the same link at once, only one gets the row. */
export async function takeLink(db: Db, hash: Buffer, purpose: LinkPurpose): Promise<LinkRow | undefined> {
  const rows = await query<LinkRow>(
    db,
    `update email_links l set used_at = now() from emails e, users u where ${IS_GOOD} returning ${COLUMNS}`,
    [hash, purpose],
  );
  return rows[0];
}

/** @returns how many there were */
export async function deleteExpiredLinks(db: Db): Promise<number> {
  return (await query(db, 'delete from email_links where expires_at < now() returning 1 as one')).length;
}
