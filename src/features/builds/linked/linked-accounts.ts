import type { Needs } from '../../../context';
import { inTransaction } from '../../../platform/db/db';
import { AppError } from '../../../platform/errors';
import type { GitProvider, ProviderAccess, ProviderKind } from '../../../platform/providers/git-provider';
import { PROVIDER_NAMES } from '../../../platform/providers/providers';
import type { Actor } from '../../access/actor';
import { authorizeAccount, type AuthorizedAccount } from '../../accounts/own-account';
import { recordEvent } from '../../audit/audit';
import * as store from './accounts.store';
import { listOf as listRemotes, type RemoteState } from './remotes.store';
import { queueTending } from './tending-queue';

/*
 * Accounts at git providers that users linked (OAuth 2).
 *
 *   link-flow.ts      a browser goes to the provider and comes back
 *   provider-calls.ts requests with the tokens of an account, which are refreshed when they expire
 *   linked-source.ts  an automated repository from a repository of the account
 *   remotes.ts        the hook and the deploy key that are added there, and removed again
 *   statuses.ts       how builds ended, for the commits there
 */

/** A linked account, as its owner sees it. */
export interface LinkedAccount {
  readonly id: number;
  readonly provider: ProviderKind;
  readonly providerName: string;
  readonly baseUrl: string;
  readonly login: string;
  readonly access: ProviderAccess;
  /** why it does not work, in a sentence; undefined: it works */
  readonly problem: string | undefined;
  readonly since: Date;
}

/** A provider that the operator configured. */
export interface LinkableProvider {
  readonly kind: ProviderKind;
  readonly name: string;
  readonly baseUrl: string;
}

export function accountFrom(ctx: Needs<'gitProviders'>, row: store.AccountRow): LinkedAccount {
  const name = PROVIDER_NAMES[row.provider];
  const isConfigured = ctx.gitProviders.get(row.provider)?.baseUrl === row.base_url;
  return {
    id: row.id,
    provider: row.provider,
    providerName: name,
    baseUrl: row.base_url,
    login: row.login,
    access: row.access,
    problem: isConfigured ? (row.problem ?? undefined) : `${name} at ${row.base_url} is no longer configured here`,
    since: row.created_at,
  };
}

/** The providers whose accounts can be linked. */
export function listProviders({ gitProviders }: Needs<'gitProviders'>): LinkableProvider[] {
  return [...gitProviders.values()].map(({ kind, name, baseUrl }) => ({ kind, name, baseUrl }));
}

/** @throws AppError `not_found` when the operator has not configured the provider */
export function providerOf({ gitProviders }: Needs<'gitProviders'>, kind: string): GitProvider {
  const provider = gitProviders.get(kind as ProviderKind);
  if (provider === undefined) throw new AppError('not_found', 'This server does not link accounts of this provider');
  return provider;
}

/**
 * The linked accounts of a user, for themselves and for administrators.
 *
 * @throws AppError as `authorizeAccount`
 */
export async function listLinkedAccounts(
  ctx: Needs<'db' | 'gitProviders'>,
  actor: Actor,
  username: string,
): Promise<LinkedAccount[]> {
  const { id } = await authorizeAccount(ctx, actor, username, 'profile');
  return (await store.listOf(ctx.db, id)).map((row) => accountFrom(ctx, row));
}

/**
 * A linked account whose tokens the actor may use: their own, or for the operator any. Administrators may not, because
 * they would see private repositories of other users at the provider.
 *
 * @throws AppError `not_found`; as `authorizeAccount`
 */
export async function usableAccount(
  ctx: Needs<'db'>,
  actor: Actor,
  username: string,
  id: number,
): Promise<{ readonly owner: AuthorizedAccount; readonly row: store.AccountRow }> {
  const owner = await authorizeAccount(ctx, actor, username, 'list_tokens');
  const row = (await store.listOf(ctx.db, owner.id)).find((one) => one.id === id);
  if (row === undefined) throw new AppError('not_found', `${owner.username} has no such linked account`);
  return { owner, row };
}

/** A repository that is built from one of a linked account. */
export interface LinkedRepository {
  /** the name that it had here when its source was added */
  readonly name: string;
  /** at the provider */
  readonly fullName: string;
  readonly state: RemoteState;
  readonly error: string | undefined;
}

/**
 * What is built from the repositories of a linked account, and whether hook and deploy key were added there.
 *
 * @throws AppError as `usableAccount`
 */
export async function listLinkedRepositories(
  ctx: Needs<'db'>,
  actor: Actor,
  username: string,
  id: number,
): Promise<LinkedRepository[]> {
  const { row } = await usableAccount(ctx, actor, username, id);
  return (await listRemotes(ctx.db, row.id)).map(({ subject, full_name: fullName, state, error }) => ({
    name: subject,
    fullName,
    state,
    error: error ?? undefined,
  }));
}

/**
 * Unlinks an account: hooks and deploy keys that were added there are removed by a job, then its tokens end. Automated
 * repositories stay.
 *
 * @throws AppError `not_found`; as `authorizeAccount`
 */
export async function unlinkAccount(
  ctx: Needs<'db' | 'gitProviders'>,
  actor: Actor,
  name: string,
  id: number,
): Promise<void> {
  const { id: userId, username: subject, doer } = await authorizeAccount(ctx, actor, name, 'profile');
  await inTransaction(ctx.db, async (tx) => {
    const row = (await store.listOf(tx, userId)).find((one) => one.id === id);
    if (row === undefined || !(await store.markUnlinked(tx, userId, id)))
      throw new AppError('not_found', `${subject} has no such linked account`);
    const details = { provider: row.provider, login: row.login };
    await recordEvent(tx, doer, { action: 'git_account.unlinked', subject, details });
    await queueTending(tx);
  });
}
