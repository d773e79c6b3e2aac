import type { Db } from '../../platform/db/db';
import { inSql, query, queryPrepared } from '../../platform/db/query';
import type { Scope } from './scopes';

/** What a code or token stands for. */
export interface GrantRow {
  client_id: string;
  user_id: number;
  username: string;
  credentials_epoch: number;
  scopes: Scope[];
}

export interface CodeRow extends GrantRow {
  redirect_uri: string;
  code_challenge: string | null;
  code_challenge_method: string | null;
  /** how long it is still good */
  lasts_ms: number;
}

export interface TokenRow extends GrantRow {
  authorized_at: Date;
  /** how long it is still good */
  lasts_ms: number;
}

/** Of accounts that may act: a new password, or a deactivation, ends everything before it. */
const CURRENT = `join oauth_clients c on c.id = g.client_id
  join users u on u.id = g.user_id and u.credentials_epoch = g.credentials_epoch and u.is_active`;
const COLUMNS = 'c.client_id, u.id as user_id, u.username, u.credentials_epoch, g.scopes';

/** The library compares with the clock of its host, so it is told a time left, and not a moment. */
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

/** @returns whether there was such a code: of two who use it at once, one hears yes */
export async function consumeCode(db: Db, hash: Buffer): Promise<boolean> {
  return (await query(db, 'delete from oauth_codes where code_hash = $1 returning 1', [hash])).length > 0;
}

export async function insertToken(
  db: Db,
  token: Grant & {
    accessHash: Buffer;
    refreshHash: Buffer;
    accessLastsMs: number;
    refreshLastsMs: number;
    /** of the tokens that these replace; undefined: now */
    authorizedAt: Date | undefined;
  },
): Promise<void> {
  await query(
    db,
    `insert into oauth_tokens (access_hash, refresh_hash, client_id, user_id, credentials_epoch, scopes,
       access_expires_at, refresh_expires_at, authorized_at)
     values ($1, $2, $3, $4, $5, $6, ${inSql('$7')}, ${inSql('$8')},
       coalesce($9, now()))`,
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

/** @returns whether there was such a token: of two who use it at once, one hears yes */
export async function consumeRefreshToken(db: Db, hash: Buffer): Promise<boolean> {
  return (await query(db, 'delete from oauth_tokens where refresh_hash = $1 returning 1', [hash])).length > 0;
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
  return (await queryPrepared<AccessRow>(db, FIND_ACCESS, [hash]))[0];
}

export async function deleteEnded(db: Db): Promise<void> {
  await query(db, 'delete from oauth_codes where expires_at <= now()');
  await query(
    db,
    `delete from oauth_tokens g using users u
     where u.id = g.user_id and (g.refresh_expires_at <= now() or g.credentials_epoch <> u.credentials_epoch)`,
  );
}
