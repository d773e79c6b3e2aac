import type { Db } from '../../../platform/db/db';
import { query } from '../../../platform/db/query';
import type { ProviderAccess, ProviderKind } from '../../../platform/providers/git-provider';

export interface AccountRow {
  id: number;
  user_id: number | null;
  provider: ProviderKind;
  base_url: string;
  remote_id: string;
  login: string;
  access: ProviderAccess;
  sealed_tokens: Buffer;
  token_version: number;
  /** the access token has expired, or will within a minute */
  is_expired: boolean;
  problem: string | null;
  created_at: Date;
  is_ending: boolean;
  /** the user is not active */
  is_asleep: boolean;
}

const SELECT = `select a.id, a.user_id, a.provider, a.base_url, a.remote_id, a.login, a.access, a.sealed_tokens,
    a.token_version, coalesce(a.expires_at < now() + interval '1 minute', false) as is_expired, a.problem, a.created_at,
    a.unlinked_at is not null or a.user_id is null as is_ending,
    exists (select from users u where u.id = a.user_id and not u.is_active) as is_asleep
  from linked_accounts a`;

/** The linked accounts of a user, the oldest first. */
export async function listOf(db: Db, userId: number): Promise<AccountRow[]> {
  return query<AccountRow>(db, `${SELECT} where a.user_id = $1 and a.unlinked_at is null order by a.id`, [userId]);
}

/** A linked account, also one that ends. */
export async function find(db: Db, id: number): Promise<AccountRow | undefined> {
  return (await query<AccountRow>(db, `${SELECT} where a.id = $1`, [id]))[0];
}

/** The linked account of a user at a provider, locked. */
export async function lockOf(
  tx: Db,
  userId: number,
  provider: ProviderKind,
  baseUrl: string,
): Promise<AccountRow | undefined> {
  const text = `${SELECT} where a.user_id = $1 and a.provider = $2 and a.base_url = $3 and a.unlinked_at is null
    for update`;
  return (await query<AccountRow>(tx, text, [userId, provider, baseUrl]))[0];
}

/** The id of a new linked account: its tokens are sealed for it before it is inserted. */
export async function nextId(tx: Db): Promise<number> {
  const text = `select nextval(pg_get_serial_sequence('linked_accounts', 'id')) as id`;
  const [row] = await query<{ id: number }>(tx, text);
  if (row === undefined) throw new Error('a sequence returned no row');
  return row.id;
}

export interface TokenValues {
  readonly sealed: Buffer;
  readonly expiresInSeconds: number | undefined;
}

export interface NewAccountRow extends TokenValues {
  readonly id: number;
  readonly userId: number;
  readonly provider: ProviderKind;
  readonly baseUrl: string;
  readonly remoteId: string;
  readonly login: string;
  readonly access: ProviderAccess;
}

/** Fails with a unique violation when the user has a linked account there. */
export async function insert(tx: Db, row: NewAccountRow): Promise<void> {
  await query(
    tx,
    `insert into linked_accounts (id, user_id, provider, base_url, remote_id, login, access, sealed_tokens, expires_at)
     overriding system value values ($1, $2, $3, $4, $5, $6, $7, $8, now() + $9 * interval '1 second')`,
    [
      row.id,
      row.userId,
      row.provider,
      row.baseUrl,
      row.remoteId,
      row.login,
      row.access,
      row.sealed,
      row.expiresInSeconds ?? null,
    ],
  );
}

/** Takes over the tokens of a new authorization by the same user of the provider. */
export async function renew(
  tx: Db,
  id: number,
  of: { readonly login: string; readonly access: ProviderAccess },
  tokens: TokenValues,
): Promise<void> {
  await query(
    tx,
    `update linked_accounts set login = $2, access = $3, sealed_tokens = $4,
       expires_at = now() + $5 * interval '1 second', token_version = token_version + 1, problem = null,
       refreshing_until = null
     where id = $1`,
    [id, of.login, of.access, tokens.sealed, tokens.expiresInSeconds ?? null],
  );
}

/** Lets this process alone refresh the tokens for some seconds. @returns false: another does, or has just done so */
export async function claimRefresh(db: Db, id: number, version: number, seconds: number): Promise<boolean> {
  const rows = await query(
    db,
    `update linked_accounts set refreshing_until = now() + $3 * interval '1 second'
     where id = $1 and token_version = $2 and (refreshing_until is null or refreshing_until < now()) returning 1`,
    [id, version, seconds],
  );
  return rows.length > 0;
}

/** Saves refreshed tokens. @returns false: the account has other tokens in the meantime */
export async function saveRefreshed(db: Db, id: number, version: number, tokens: TokenValues): Promise<boolean> {
  const rows = await query(
    db,
    `update linked_accounts set sealed_tokens = $3, expires_at = now() + $4 * interval '1 second',
       token_version = token_version + 1, refreshing_until = null, problem = null
     where id = $1 and token_version = $2 returning 1`,
    [id, version, tokens.sealed, tokens.expiresInSeconds ?? null],
  );
  return rows.length > 0;
}

/** Ends a refresh that failed. @param problem - undefined: it may be tried again */
export async function endRefresh(db: Db, id: number, version: number, problem: string | undefined): Promise<void> {
  await query(
    db,
    `update linked_accounts set refreshing_until = null, problem = coalesce($3, problem)
     where id = $1 and token_version = $2`,
    [id, version, problem ?? null],
  );
}

/** Ends an account: what was added there is still to be removed. @returns false: the user has no such account */
export async function markUnlinked(tx: Db, userId: number, id: number): Promise<boolean> {
  const rows = await query(
    tx,
    `update linked_accounts set unlinked_at = now() where id = $1 and user_id = $2 and unlinked_at is null returning 1`,
    [id, userId],
  );
  return rows.length > 0;
}

/** Accounts that end, and have nothing left to remove. */
export async function listEnded(db: Db): Promise<AccountRow[]> {
  const text = `${SELECT} where (a.unlinked_at is not null or a.user_id is null)
    and not exists (select from build_remotes r where r.linked_account_id = a.id) order by a.id limit 100`;
  return query<AccountRow>(db, text);
}

export async function remove(db: Db, id: number): Promise<void> {
  await query(db, 'delete from linked_accounts where id = $1', [id]);
}

/** Locks the tokens of all accounts. */
export async function lockAllSealed(tx: Db): Promise<{ id: number; sealed_tokens: Buffer }[]> {
  return query(tx, 'select id, sealed_tokens from linked_accounts order by id for no key update');
}

export async function replaceSealed(tx: Db, id: number, sealed: Buffer): Promise<void> {
  await query(tx, 'update linked_accounts set sealed_tokens = $2 where id = $1', [id, sealed]);
}
