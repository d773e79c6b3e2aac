import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import { queryShared } from '../../platform/db/shared-query';

export interface SessionRow {
  id: number;
  created_at: Date;
  last_seen_at: Date;
  expires_at: Date;
  address: string;
  user_agent: string;
  is_confirmed: boolean;
}

export interface FoundRow extends SessionRow {
  user_id: number;
  credentials_epoch: number;
  username: string;
  is_admin: boolean;
  is_active: boolean;
  has_second_factor: boolean;
  password_hash: string;
}

const COLUMNS = `s.id, s.created_at, s.last_seen_at, s.expires_at, s.address, s.user_agent,
  coalesce(s.authenticated_at > now() - interval '10 minutes', false) as is_confirmed`;

/**
 * The session and its account. A use is recorded once in five minutes, so that not every request of a page causes a
 * write.
 */
const FIND = {
  name: 'sessions.find',
  text: `with seen as (
      update sessions set last_seen_at = now() where secret_hash = $1 and last_seen_at < now() - interval '5 minutes'
    )
    select ${COLUMNS}, u.id as user_id, u.credentials_epoch, u.username, u.is_admin, u.is_active,
      u.has_second_factor, u.password_hash
    from sessions s join users u on u.id = s.user_id and u.credentials_epoch = s.credentials_epoch
    where s.secret_hash = $1 and s.expires_at > now()`,
};

export async function find(db: Db, secretHash: Buffer): Promise<FoundRow | undefined> {
  return (await queryShared<FoundRow>(db, FIND, [secretHash]))[0];
}

export async function insert(
  db: Db,
  session: {
    secretHash: Buffer;
    userId: number;
    credentialsEpoch: number;
    seconds: number;
    isConfirmed: boolean;
    address: string;
    userAgent: string;
  },
): Promise<SessionRow> {
  const { secretHash, userId, credentialsEpoch, seconds, isConfirmed, address, userAgent } = session;
  const rows = await query<SessionRow>(
    db,
    `insert into sessions as s (secret_hash, user_id, credentials_epoch, expires_at, address, user_agent, authenticated_at)
     values ($1, $2, $3, now() + make_interval(secs => $4), $5, $6, case when $7 then now() end) returning ${COLUMNS}`,
    [secretHash, userId, credentialsEpoch, seconds, address, userAgent, isConfirmed],
  );
  const row = rows[0];
  if (row === undefined) throw new Error('insert into sessions returned no row');
  return row;
}

/** Records that the password was given again. */
export async function confirm(db: Db, sessionId: number): Promise<void> {
  await query(db, 'update sessions set authenticated_at = now() where id = $1', [sessionId]);
}

/** Ends the user's oldest sessions beyond the newest `kept`. */
export async function deleteOldest(db: Db, userId: number, kept: number): Promise<void> {
  await query(
    db,
    `delete from sessions where id in (select id from sessions where user_id = $1 order by id desc offset $2)`,
    [userId, kept],
  );
}

/** @returns whose session it was */
export async function deleteOne(db: Db, secretHash: Buffer): Promise<{ id: number; username: string } | undefined> {
  const rows = await query<{ id: number; username: string }>(
    db,
    `delete from sessions s using users u where u.id = s.user_id and s.secret_hash = $1 returning u.id, u.username`,
    [secretHash],
  );
  return rows[0];
}

/** @returns how many there were */
export async function deleteAllBut(db: Db, userId: number, kept: number | undefined): Promise<number> {
  const rows = await query(
    db,
    'delete from sessions where user_id = $1 and id is distinct from $2::bigint returning id',
    [userId, kept ?? null],
  );
  return rows.length;
}

/** @returns false when the user has no session with this id */
export async function deleteOfUser(db: Db, userId: number, sessionId: number): Promise<boolean> {
  const rows = await query(db, 'delete from sessions where user_id = $1 and id = $2 returning id', [userId, sessionId]);
  return rows.length > 0;
}

/** The sessions that are still good, the newest first. */
export async function list(db: Db, userId: number): Promise<SessionRow[]> {
  return query<SessionRow>(
    db,
    `select ${COLUMNS} from sessions s join users u on u.id = s.user_id and u.credentials_epoch = s.credentials_epoch
     where s.user_id = $1 and s.expires_at > now() order by s.id desc`,
    [userId],
  );
}

/** Deletes sessions that have ended, including those of accounts whose password has changed since. */
export async function deleteEnded(db: Db): Promise<void> {
  await query(
    db,
    `delete from sessions s using users u
     where u.id = s.user_id and (s.expires_at <= now() or s.credentials_epoch <> u.credentials_epoch)`,
  );
}
