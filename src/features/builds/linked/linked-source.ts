import type { Needs } from '../../../context';
import { inTransaction, type Db } from '../../../platform/db/db';
import { AppError, fieldError } from '../../../platform/errors';
import type { RemoteRepository, RepositoryPage } from '../../../platform/providers/git-provider';
import type { Actor, RepositoryName } from '../../access/actor';
import type { AdministeredRepository } from '../../repositories/access';
import { getAdministered } from '../../repositories/get-repository';
import { displayName } from '../../repositories/names';
import type { NewRepository } from '../../repositories/repository-settings';
import type { NewRule } from '../rules';
import {
  addSource,
  createAutomatedRepository,
  findSource,
  sourceFrom,
  type NewBuildSource,
  type WantedSource,
} from '../sources';
import type { AccountRow } from './accounts.store';
import { usableAccount } from './linked-accounts';
import { callProvider } from './provider-calls';
import { queueAdding } from './remotes-queue';
import * as store from './remotes.store';

const LONGEST_SEARCH = 100;
const LONGEST_CURSOR = 200;
const LONGEST_NAME = 400;

/** `owner/name`, or with groups between them. No part may lead elsewhere in the path of a URL. */
const FULL_NAME = /^(?!\.{1,2}(\/|$))[\w.~+-]+(\/(?!\.{1,2}(\/|$))[\w.~+-]+)+$/;

type Choosing = Needs<'db' | 'gitProviders'>;

/** A linked account, by its owner and number. */
export interface AccountOf {
  readonly username: string;
  readonly id: number;
}

/**
 * A page of the repositories at the provider from which the account can build.
 *
 * @param asked.search - a part of the name
 * @param asked.cursor - `next` of the page before
 * @throws AppError as `usableAccount`; ProviderError
 */
export async function listRemoteRepositories(
  ctx: Choosing,
  actor: Actor,
  of: AccountOf,
  asked: { readonly search?: string | undefined; readonly cursor?: string | undefined },
): Promise<RepositoryPage> {
  const { search = '', cursor } = asked;
  if (search.length > LONGEST_SEARCH || (cursor?.length ?? 0) > LONGEST_CURSOR)
    throw new AppError('invalid', 'The search is too long');
  const { row } = await usableAccount(ctx, actor, of.username, of.id);
  return callProvider(ctx, row.id, ({ provider, token, account }) => {
    const user = { id: account.remote_id, login: account.login };
    return provider.repositories(token, { access: account.access, search, cursor, user });
  });
}

/** What is built from a repository of a linked account. */
export interface LinkedSource {
  readonly account: AccountOf;
  /** at the provider */
  readonly fullName: string;
  readonly syncsDescription?: boolean | undefined;
  /** undefined: the default branch there becomes latest */
  readonly rules?: readonly NewRule[] | undefined;
}

interface Chosen {
  readonly account: AccountRow;
  readonly remote: RemoteRepository;
  readonly wanted: WantedSource;
}

/** Asks the provider about a repository. */
async function choose(ctx: Choosing, actor: Actor, source: LinkedSource): Promise<Chosen> {
  const { account: of, fullName } = source;
  if (fullName.length > LONGEST_NAME || !FULL_NAME.test(fullName))
    throw fieldError('invalid', 'full_name', 'Enter the full name of the repository at the provider: owner/name');
  const { row: account } = await usableAccount(ctx, actor, of.username, of.id);
  const remote = await callProvider(ctx, account.id, ({ provider, token }) => provider.repository(token, fullName));
  const isFull = account.access === 'full';
  if (remote.isPrivate && !isFull) {
    const message = 'The linked account has limited access, and the repository is private: link the account again';
    throw fieldError('invalid', 'full_name', message);
  }
  const branch = remote.defaultBranch ?? 'master';
  const rule = { refType: 'branch', refPattern: branch, dockerfilePath: 'Dockerfile', tag: 'latest' } as const;
  const wanted: WantedSource = {
    provider: account.provider,
    cloneUrl: remote.isPrivate ? remote.sshUrl : remote.httpsUrl,
    credential: { kind: remote.isPrivate ? 'deploy_key' : 'none' },
    syncsDescription: source.syncsDescription,
    rules: source.rules ?? [rule],
  };
  return { account, remote, wanted };
}

/** Remembers which repository it is, and has hook and key added there if the access allows it. */
async function attach(
  ctx: Needs<'publicUrl'>,
  tx: Db,
  repository: AdministeredRepository,
  { chosen, hookSecret }: { readonly chosen: Chosen; readonly hookSecret: string },
): Promise<NewBuildSource> {
  const { account, remote } = chosen;
  const source = await findSource(tx, repository.id);
  const remoteId = await store.insert(tx, {
    sourceId: source.id,
    accountId: account.id,
    subject: displayName(repository),
    remoteRepository: remote.id,
    fullName: remote.fullName,
    state: account.access === 'full' ? 'adding' : 'by_hand',
  });
  if (account.access === 'full') await queueAdding(tx, remoteId);
  return { ...sourceFrom(ctx, await findSource(tx, repository.id)), hookSecret };
}

type Adding = Choosing & Needs<'publicUrl' | 'settings'>;

/**
 * Makes a repository an automated one that is built from a repository of a linked account. The hook and, for a private
 * repository, a read-only deploy key are added there by a job; with limited access, the user adds the hook.
 *
 * @returns the source with the secret of its hooks
 * @throws AppError as `usableAccount` and `addSource`; ProviderError
 */
export async function addLinkedSource(
  ctx: Adding,
  actor: Actor,
  repository: AdministeredRepository,
  source: LinkedSource,
): Promise<NewBuildSource> {
  const chosen = await choose(ctx, actor, source);
  return inTransaction(ctx.db, async (db) => {
    const inside = { db, publicUrl: ctx.publicUrl };
    const { hookSecret } = await addSource(inside, repository, chosen.wanted);
    return attach(ctx, db, repository, { chosen, hookSecret });
  });
}

/**
 * Creates a repository that is built from one of a linked account.
 *
 * @throws AppError as `createAutomatedRepository` and `usableAccount`; ProviderError
 */
export async function createLinkedRepository(
  ctx: Adding,
  actor: Actor,
  name: RepositoryName,
  { source: linked, ...repository }: NewRepository & { readonly source: LinkedSource },
): Promise<NewBuildSource> {
  const chosen = await choose(ctx, actor, linked);
  return inTransaction(ctx.db, async (db) => {
    const inside = { db, publicUrl: ctx.publicUrl, settings: ctx.settings };
    const source = { ...repository, source: chosen.wanted };
    const { hookSecret } = await createAutomatedRepository(inside, actor, name, source);
    return attach(ctx, db, await getAdministered({ db }, actor, name), { chosen, hookSecret });
  });
}
