import type { Db } from '../../../platform/db/db';
import { query } from '../../../platform/db/query';
import type { ProviderKind } from '../../../platform/providers/git-provider';

/** `by_hand`: access is limited, so that the user adds the hook. */
export type RemoteState = 'adding' | 'added' | 'failed' | 'by_hand';

export interface RemoteRow {
  id: number;
  /** null: the source is gone */
  source_id: number | null;
  linked_account_id: number;
  provider: ProviderKind;
  subject: string;
  remote_repository: string;
  full_name: string;
  state: RemoteState;
  hook_ref: string | null;
  key_ref: string | null;
  is_ending: boolean;
  /** of the source */
  hook_id: string | null;
  sealed_hook_secret: Buffer | null;
  public_key: string | null;
}

const COLUMNS = `m.id, m.source_id, m.linked_account_id, a.provider, m.subject, m.remote_repository, m.full_name, m.state,
  m.hook_ref, m.key_ref, m.source_id is null or a.unlinked_at is not null or a.user_id is null as is_ending,
  s.hook_id, s.sealed_hook_secret, s.public_key`;
const FROM = `linked_accounts a, build_remotes o left join build_sources s on s.id = o.source_id
  where o.id = m.id and a.id = m.linked_account_id`;

export interface NewRemoteRow {
  readonly sourceId: number;
  readonly accountId: number;
  readonly subject: string;
  readonly remoteRepository: string;
  readonly fullName: string;
  readonly state: RemoteState;
}

/** @returns its id */
export async function insert(tx: Db, row: NewRemoteRow): Promise<number> {
  const rows = await query<{ id: number }>(
    tx,
    `insert into build_remotes (source_id, linked_account_id, subject, remote_repository, full_name, state)
     values ($1, $2, $3, $4, $5, $6) returning id`,
    [row.sourceId, row.accountId, row.subject, row.remoteRepository, row.fullName, row.state],
  );
  if (rows[0] === undefined) throw new Error('an insert returned no row');
  return rows[0].id;
}

/** Lets this process alone work on a row for some seconds. @returns undefined: it is gone, or another process does */
export async function claim(db: Db, id: number, seconds: number): Promise<RemoteRow | undefined> {
  const text = `update build_remotes m set busy_until = now() + $2 * interval '1 second' from ${FROM}
    and m.id = $1 and (m.busy_until is null or m.busy_until < now()) returning ${COLUMNS}`;
  return (await query<RemoteRow>(db, text, [id, seconds]))[0];
}

export async function exists(db: Db, id: number): Promise<boolean> {
  return (await query(db, 'select 1 from build_remotes where id = $1', [id])).length > 0;
}

/** Ends the work on a row. @param error - what went wrong; undefined: nothing */
export async function release(db: Db, id: number, error: string | undefined): Promise<void> {
  await query(db, 'update build_remotes set busy_until = null, error = $2 where id = $1', [id, error ?? null]);
}

/** Records what the provider calls the hook and the key; undefined: there is none. */
export async function setRefs(
  db: Db,
  id: number,
  refs: { readonly hook: string | undefined; readonly key: string | undefined },
): Promise<void> {
  const text = 'update build_remotes set hook_ref = $2, key_ref = $3 where id = $1';
  await query(db, text, [id, refs.hook ?? null, refs.key ?? null]);
}

/** Ends the adding. @returns false: it has to begin again, because the source got another hook or key */
export async function finishAdding(
  tx: Db,
  row: RemoteRow,
  state: 'added' | 'failed',
  error?: string,
): Promise<boolean> {
  const rows = await query(
    tx,
    `update build_remotes m set state = $2, error = $3, busy_until = null from build_sources s
     where m.id = $1 and s.id = m.source_id and s.hook_id = $4 and s.public_key is not distinct from $5 returning 1`,
    [row.id, state, error ?? null, row.hook_id, row.public_key],
  );
  return rows.length > 0;
}

/** Has the hook and the key of a source added again. @returns the row; undefined: nothing is added for it */
export async function setAdding(tx: Db, sourceId: number): Promise<number | undefined> {
  const text = `update build_remotes set state = 'adding', error = null where source_id = $1 and state <> 'by_hand'
    returning id`;
  return (await query<{ id: number }>(tx, text, [sourceId]))[0]?.id;
}

/** Has what failed for an account added again. @returns the rows */
export async function setFailedAdding(tx: Db, accountId: number): Promise<number[]> {
  const text = `update build_remotes set state = 'adding', error = null
    where linked_account_id = $1 and state = 'failed' and source_id is not null returning id`;
  return (await query<{ id: number }>(tx, text, [accountId])).map(({ id }) => id);
}

export interface ListedRow {
  subject: string;
  full_name: string;
  state: RemoteState;
  error: string | null;
}

/** What is built from the repositories of an account. */
export async function listOf(db: Db, accountId: number): Promise<ListedRow[]> {
  const text = `select subject, full_name, state, error from build_remotes
    where linked_account_id = $1 and source_id is not null order by subject limit 500`;
  return query<ListedRow>(db, text, [accountId]);
}

/** Takes a row away from its source, so that what was added is removed. @returns whether there was one */
export async function detach(tx: Db, sourceId: number): Promise<boolean> {
  const text = 'update build_remotes set source_id = null where source_id = $1 returning 1';
  return (await query(tx, text, [sourceId])).length > 0;
}

/** Begins the removal of what sources and accounts left that are gone. @returns the rows */
export async function beginRemovals(tx: Db): Promise<number[]> {
  const rows = await query<{ id: number }>(
    tx,
    `update build_remotes m set removal_since = now() from linked_accounts a
     where a.id = m.linked_account_id and m.removal_since is null
       and (m.source_id is null or a.unlinked_at is not null or a.user_id is null) returning m.id`,
  );
  return rows.map(({ id }) => id);
}

/** What is to be added or removed by a job. */
export async function listOpen(db: Db): Promise<{ id: number; is_ending: boolean }[]> {
  return query<{ id: number; is_ending: boolean }>(
    db,
    `select m.id, m.removal_since is not null as is_ending from build_remotes m
     where m.removal_since is not null or m.state = 'adding' order by m.id limit 1000`,
  );
}

/** What could not be removed for many days. */
export async function listAbandoned(db: Db, days: number): Promise<number[]> {
  const text = `select id from build_remotes where removal_since < now() - $1 * interval '1 day' order by id limit 100`;
  return (await query<{ id: number }>(db, text, [days])).map(({ id }) => id);
}

/** @returns what was deleted; undefined: it was gone */
export async function remove(
  tx: Db,
  id: number,
): Promise<
  | { provider: ProviderKind; subject: string; full_name: string; hook_ref: string | null; key_ref: string | null }
  | undefined
> {
  const text = `delete from build_remotes m using linked_accounts a where m.id = $1 and a.id = m.linked_account_id
    returning a.provider, m.subject, m.full_name, m.hook_ref, m.key_ref`;
  return (
    await query<{
      provider: ProviderKind;
      subject: string;
      full_name: string;
      hook_ref: string | null;
      key_ref: string | null;
    }>(tx, text, [id])
  )[0];
}
