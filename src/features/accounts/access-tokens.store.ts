import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import { queryShared } from '../../platform/db/shared-query';
import type { AccessLevel } from '../access/actor';

export interface AccessTokenRow {
  id: number;
  name: string;
  access: AccessLevel;
  repositories: string[] | null;
  created_at: Date;
  expires_at: Date | null;
  last_used_at: Date | null;
  last_used_address: string | null;
}

const COLUMNS = 'id, name, access, repositories, created_at, expires_at, last_used_at, last_used_address';

export async function listOfUser(db: Db, userId: number): Promise<AccessTokenRow[]> {
  return query<AccessTokenRow>(db, `select ${COLUMNS} from access_tokens where user_id = $1 order by id`, [userId]);
}

export interface NewAccessTokenRow {
  userId: number;
  name: string;
  secretHash: Buffer;
  access: AccessLevel;
  repositories: readonly string[] | undefined;
  expiresAt: Date | undefined;
}

/** Fails with a unique violation when the account already has a token of this name. */
export async function insert(db: Db, token: NewAccessTokenRow): Promise<AccessTokenRow> {
  const rows = await query<AccessTokenRow>(
    db,
    `insert into access_tokens (user_id, name, secret_hash, access, repositories, expires_at)
     values ($1, $2, $3, $4, $5, $6) returning ${COLUMNS}`,
    [token.userId, token.name, token.secretHash, token.access, token.repositories ?? null, token.expiresAt ?? null],
  );
  const row = rows[0];
  if (row === undefined) throw new Error('insert into access_tokens returned no row');
  return row;
}

export async function countOfUser(db: Db, userId: number): Promise<number> {
  const rows = await query<{ count: number }>(db, 'select count(*) as count from access_tokens where user_id = $1', [
    userId,
  ]);
  return rows[0]?.count ?? 0;
}

/** @returns the name of the removed token; undefined when the account has no such token */
export async function remove(db: Db, userId: number, tokenId: number): Promise<string | undefined> {
  const rows = await query<{ name: string }>(
    db,
    'delete from access_tokens where id = $2 and user_id = $1 returning name',
    [userId, tokenId],
  );
  return rows[0]?.name;
}

export interface OwnedTokenRow {
  id: number;
  user_id: number;
  credentials_epoch: number;
  is_active: boolean;
}

const FIND_BY_SECRET = {
  name: 'access_tokens.find_by_secret',
  text: `select a.id, a.user_id, u.credentials_epoch, u.is_active from access_tokens a join users u on u.id = a.user_id
    where a.secret_hash = $1 and u.id = account_named($2) and (a.expires_at is null or a.expires_at > now())`,
};

/** The token with this secret, if it has not expired, and belongs to the account that has or had the name. */
export async function findBySecret(db: Db, secretHash: Buffer, username: string): Promise<OwnedTokenRow | undefined> {
  return (await queryShared<OwnedTokenRow>(db, FIND_BY_SECRET, [secretHash, username]))[0];
}

/** Writes nothing if the token was used within the last minute: machines use theirs all day. */
export async function touch(db: Db, tokenId: number, address: string): Promise<void> {
  await query(
    db,
    `update access_tokens set last_used_at = now(), last_used_address = $2
     where id = $1 and (last_used_at is null or last_used_at < now() - interval '1 minute')`,
    [tokenId, address],
  );
}

/** Lets tokens that are for this repository follow it to its new name. */
export async function renameRepository(db: Db, from: string, to: string): Promise<void> {
  await query(
    db,
    'update access_tokens set repositories = array_replace(repositories, $1, $2) where $1 = any (repositories)',
    [from, to],
  );
}

/** Lets tokens that are for repositories of a namespace follow it to its new name. */
export async function renameNamespace(db: Db, from: string, to: string): Promise<void> {
  await query(
    db,
    `update access_tokens set repositories = (
       select array_agg(case when split_part(r.name, '/', 1) = $1 then $2 || substr(r.name, length($1) + 1) else r.name end
         order by r.position) from unnest(repositories) with ordinality r (name, position))
     where exists (select 1 from unnest(repositories) r where split_part(r, '/', 1) = $1)`,
    [from, to],
  );
}
