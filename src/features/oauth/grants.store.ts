import type { Db } from '../../platform/db/db';
import { inSql, query } from '../../platform/db/query';
import { queryShared } from '../../platform/db/shared-query';
import type { Scope } from './scopes';

/** The grant behind a code or a token. */
export interface GrantRow {
  client_id: string;
  user_id: number;
  username: string;
  credentials_epoch: number;
  scopes: Scope[];
  /** the family of all tokens that came from one code */
  family: string;
}

export interface CodeRow extends GrantRow {
  redirect_uri: string;
  code_challenge: string | null;
  code_challenge_method: string | null;
  /** how long the code is still good */
  lasts_ms: number;
}

export interface TokenRow extends GrantRow {
  authorized_at: Date;
  /** how long the refresh token is still good */
  lasts_ms: number;
}

/** Only accounts that may act: a new password, or a deactivation, ends all earlier grants. */
const CURRENT = `join oauth_clients c on c.id = g.client_id
  join users u on u.id = g.user_id and u.credentials_epoch = g.credentials_epoch and u.is_active`;
const COLUMNS = 'c.client_id, u.id as user_id, u.username, u.credentials_epoch, g.scopes, g.family';

/** The library compares with the clock of its host, so it gets the remaining time instead of a point in time. */
function remaining(expiresAt: string): string {
  return `(extract(epoch from ${expiresAt} - now()) * 1000)::float8 as lasts_ms`;
}

interface Grant {
  readonly clientRowId: number;
  readonly userId: number;
  readonly credentialsEpoch: number;
  readonly scopes: readonly string[];
}

export async function insertCode(
  db: Db,
  code: Grant & {
    hash: Buffer;
    redirectUri: string;
    challenge: string | undefined;
    challengeMethod: string | undefined;
    lastsMs: number;
  },
): Promise<void> {
  await query(
    db,
    `insert into oauth_codes (code_hash, client_id, user_id, credentials_epoch, scopes, redirect_uri, code_challenge,
       code_challenge_method, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8, ${inSql('$9')})`,
    [
      code.hash,
      code.clientRowId,
      code.userId,
      code.credentialsEpoch,
      code.scopes,
      code.redirectUri,
      code.challenge ?? null,
      code.challengeMethod ?? null,
      code.lastsMs,
    ],
  );
}

export async function findCode(db: Db, hash: Buffer): Promise<CodeRow | undefined> {
  const rows = await query<CodeRow>(
    db,
    `select ${COLUMNS}, g.redirect_uri, g.code_challenge, g.code_challenge_method, ${remaining('g.expires_at')}
     from oauth_codes g ${CURRENT} where g.code_hash = $1`,
    [hash],
  );
  return rows[0];
}

/**
 * Keeps the hash of a used code or token, so that a second use is noticed as long as any token of its family may be
 * good.
 */
function consume(table: 'oauth_codes' | 'oauth_tokens', column: 'code_hash' | 'refresh_hash'): string {
  return `with used as (delete from ${table} where ${column} = $1 returning family, user_id, client_id)
    insert into oauth_used (hash, family, user_id, client_id, expires_at)
    select $1, family, user_id, client_id, now() + make_interval(secs => $2) from used
    on conflict (hash) do nothing returning 1 as one`;
}

/**
 * @param seconds - how long a second use must be noticed
 * @returns whether there was such a code; if two requests use it at once, only one gets true
 */
export async function consumeCode(db: Db, hash: Buffer, seconds: number): Promise<boolean> {
  return (await query(db, consume('oauth_codes', 'code_hash'), [hash, seconds])).length > 0;
}

/** A code or refresh token that was used. */
export interface UsedRow {
  family: string;
  user_id: number;
  username: string;
  client_id: string;
}

/** @returns undefined when no code or refresh token with this hash was used */
export async function findUsed(db: Db, hash: Buffer): Promise<UsedRow | undefined> {
  const rows = await query<UsedRow>(
    db,
    `select o.family, o.user_id, u.username, c.client_id
     from oauth_used o join users u on u.id = o.user_id join oauth_clients c on c.id = o.client_id where o.hash = $1`,
    [hash],
  );
  return rows[0];
}

/**
 * Ends all tokens that came from one code. A refresh at this moment holds the lock of the tokens that it replaces:
 * waiting for that lock first lets the deletion see the new ones.
 *
 * @returns how many there were
 */
export async function endFamily(tx: Db, family: string): Promise<number> {
  await query(tx, 'select 1 from oauth_tokens where family = $1 for update', [family]);
  return (await query(tx, 'delete from oauth_tokens where family = $1 returning 1 as one', [family])).length;
}

export async function insertToken(
  db: Db,
  token: Grant & {
    accessHash: Buffer;
    refreshHash: Buffer;
    accessLastsMs: number;
    refreshLastsMs: number;
    /** when the tokens that these replace were authorized; undefined: now */
    authorizedAt: Date | undefined;
    family: string;
  },
): Promise<void> {
  await query(
    db,
    `insert into oauth_tokens (access_hash, refresh_hash, client_id, user_id, credentials_epoch, scopes,
       access_expires_at, refresh_expires_at, authorized_at, family)
     values ($1, $2, $3, $4, $5, $6, ${inSql('$7')}, ${inSql('$8')},
       coalesce($9, now()), $10)`,
    [
      token.accessHash,
      token.refreshHash,
      token.clientRowId,
      token.userId,
      token.credentialsEpoch,
      token.scopes,
      token.accessLastsMs,
      token.refreshLastsMs,
      token.authorizedAt ?? null,
      token.family,
    ],
  );
}

export async function findByRefreshHash(db: Db, hash: Buffer): Promise<TokenRow | undefined> {
  const rows = await query<TokenRow>(
    db,
    `select ${COLUMNS}, ${remaining('g.refresh_expires_at')}, g.authorized_at
     from oauth_tokens g ${CURRENT} where g.refresh_hash = $1`,
    [hash],
  );
  return rows[0];
}

/**
 * @param seconds - how long a second use must be noticed
 * @returns whether there was such a token; if two requests use it at once, only one gets true
 */
export async function consumeRefreshToken(db: Db, hash: Buffer, seconds: number): Promise<boolean> {
  return (await query(db, consume('oauth_tokens', 'refresh_hash'), [hash, seconds])).length > 0;
}

export interface AccessRow extends GrantRow {
  is_admin: boolean;
  is_active: boolean;
}

const FIND_ACCESS = {
  name: 'oauth_tokens.find_access',
  text: `with used as (
      update oauth_tokens set last_used_at = now() where access_hash = $1
        and (last_used_at is null or last_used_at < now() - interval '5 minutes')
    )
    select ${COLUMNS}, u.is_admin, u.is_active
    from oauth_tokens g join oauth_clients c on c.id = g.client_id
      join users u on u.id = g.user_id and u.credentials_epoch = g.credentials_epoch
    where g.access_hash = $1 and g.access_expires_at > now()`,
};

export async function findByAccessHash(db: Db, hash: Buffer): Promise<AccessRow | undefined> {
  return (await queryShared<AccessRow>(db, FIND_ACCESS, [hash]))[0];
}

export async function deleteEnded(db: Db): Promise<void> {
  await query(db, 'delete from oauth_codes where expires_at <= now()');
  await query(db, 'delete from oauth_used where expires_at <= now()');
  await query(
    db,
    `delete from oauth_tokens g using users u
     where u.id = g.user_id and (g.refresh_expires_at <= now() or g.credentials_epoch <> u.credentials_epoch)`,
  );
}
