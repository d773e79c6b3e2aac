import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

export interface SecondFactorRow {
  sealed_secret: Buffer;
  confirmed_at: Date | null;
  last_step: number;
  /** the time by the clock of the database, in seconds since 1970 */
  now_seconds: number;
}

/** The second factor of a user; nothing else changes it until the transaction ends. */
export async function lock(tx: Db, userId: number): Promise<SecondFactorRow | undefined> {
  const rows = await query<SecondFactorRow>(
    tx,
    `select sealed_secret, confirmed_at, last_step, extract(epoch from clock_timestamp())::float8 as now_seconds
     from second_factors where user_id = $1 for update`,
    [userId],
  );
  return rows[0];
}

/** The second factors of all users; nothing else changes them until the transaction ends. */
export async function lockAll(tx: Db): Promise<{ user_id: number; sealed_secret: Buffer }[]> {
  return query(tx, 'select user_id, sealed_secret from second_factors order by user_id for update');
}

export async function replaceSecrets(tx: Db, secrets: readonly { userId: number; sealed: Buffer }[]): Promise<void> {
  await query(
    tx,
    `update second_factors s set sealed_secret = new.sealed
     from unnest($1::int[], $2::bytea[]) as new (user_id, sealed) where s.user_id = new.user_id`,
    [secrets.map(({ userId }) => userId), secrets.map(({ sealed }) => sealed)],
  );
}

/** @returns undefined for a user who has not begun to set one up */
export async function find(
  db: Db,
  userId: number,
): Promise<{ confirmed_at: Date | null; recovery_codes: number } | undefined> {
  const rows = await query<{ confirmed_at: Date | null; recovery_codes: number }>(
    db,
    `select confirmed_at, (select count(*) from recovery_codes r where r.user_id = s.user_id) as recovery_codes
     from second_factors s where user_id = $1`,
    [userId],
  );
  return rows[0];
}

/** @returns false when a second factor is on already */
export async function begin(db: Db, userId: number, sealedSecret: Buffer): Promise<boolean> {
  const rows = await query(
    db,
    `insert into second_factors as s (user_id, sealed_secret) values ($1, $2)
     on conflict (user_id) do update set sealed_secret = excluded.sealed_secret, last_step = 0
       where s.confirmed_at is null
     returning user_id`,
    [userId, sealedSecret],
  );
  return rows.length > 0;
}

/** Also raises the epoch: everything that the password alone has opened ends. */
export async function turnOn(tx: Db, userId: number): Promise<void> {
  await query(tx, 'update second_factors set confirmed_at = now() where user_id = $1', [userId]);
  await query(
    tx,
    `update users set has_second_factor = true, credentials_epoch = credentials_epoch + 1, updated_at = now()
     where id = $1`,
    [userId],
  );
}

/** Lets a session live on with the epoch that its user has now. */
export async function keepSession(tx: Db, userId: number, sessionId: number): Promise<void> {
  await query(
    tx,
    `update sessions s set credentials_epoch = u.credentials_epoch from users u
     where u.id = s.user_id and u.id = $1 and s.id = $2`,
    [userId, sessionId],
  );
}

/** @returns false when there was none */
export async function remove(tx: Db, userId: number): Promise<boolean> {
  await query(tx, 'update users set has_second_factor = false, updated_at = now() where id = $1', [userId]);
  const rows = await query(tx, 'delete from second_factors where user_id = $1 returning confirmed_at', [userId]);
  return rows.length > 0;
}

export async function useStep(tx: Db, userId: number, step: number): Promise<void> {
  await query(tx, 'update second_factors set last_step = $2 where user_id = $1', [userId, step]);
}

export async function replaceRecoveryCodes(tx: Db, userId: number, hashes: readonly Buffer[]): Promise<void> {
  await query(tx, 'delete from recovery_codes where user_id = $1', [userId]);
  await query(tx, 'insert into recovery_codes (user_id, code_hash) select $1, unnest($2::bytea[])', [userId, hashes]);
}

/** @returns whether the user had it */
export async function useRecoveryCode(tx: Db, userId: number, hash: Buffer): Promise<boolean> {
  const rows = await query(tx, 'delete from recovery_codes where user_id = $1 and code_hash = $2 returning user_id', [
    userId,
    hash,
  ]);
  return rows.length > 0;
}

export interface CandidateRow {
  username: string;
  credentials_epoch: number;
  is_active: boolean;
  has_second_factor: boolean;
}

/** The account that a ticket for the second step of a login names. */
export async function findCandidate(db: Db, userId: number): Promise<CandidateRow | undefined> {
  const rows = await query<CandidateRow>(
    db,
    'select username, credentials_epoch, is_active, has_second_factor from users where id = $1',
    [userId],
  );
  return rows[0];
}
