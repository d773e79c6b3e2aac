import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import { newSecret } from '../../platform/secrets';
import type { Actor, RepositoryName } from '../access/actor';
import { currentTokenKey } from '../accounts/token-key';
import { recordEvent } from '../audit/audit';
import type { AdministeredRepository, ReadableRepository } from '../repositories/access';
import { getAdministered, lockAdministered } from '../repositories/get-repository';
import { displayName } from '../repositories/names';
import { createDescribedRepository, type NewRepository } from '../repositories/repository-settings';
import type { Values } from './build-inputs';
import { checkCloneUrl, isSshUrl } from './clone-url';
import { sealHookSecret } from './credentials';
import { noSource } from './no-source';
import { DEFAULT_RULES, saveRules, type NewRule } from './rules';
import { backerOf, credentialValues, type WantedCredential } from './source-credential';
import * as store from './sources.store';

export type { WantedCredential } from './source-credential';
export { PROVIDERS, type Provider } from './sources.store';

/*
 * Where an automated repository is built from. A repository with a source is automated: only its builds push to it.
 */

/** The repository of a linked account that is built, and whether hook and deploy key were added there. */
export interface LinkedRemote {
  /** the user of the provider */
  readonly login: string;
  readonly fullName: string;
  /** `by_hand`: the access is limited, so that the user adds the hook */
  readonly state: 'adding' | 'added' | 'failed' | 'by_hand';
  /** what went wrong at the last attempt, in a sentence */
  readonly error: string | undefined;
}

function remoteFrom({ remote }: store.SourceRow): LinkedRemote | undefined {
  if (remote === null) return undefined;
  const { login, full_name: fullName, state, error } = remote;
  return { login, fullName, state, error: error ?? undefined };
}

/** A source, as administrators of the repository see it. */
export interface BuildSource {
  readonly provider: store.Provider;
  readonly cloneUrl: string;
  readonly credential: 'none' | 'deploy_key' | 'token';
  /** of the deploy key, to paste at the provider */
  readonly publicKey: string | undefined;
  /** where the provider sends its hooks */
  readonly hookUrl: string;
  readonly syncsDescription: boolean;
  /** mails when builds begin to fail, and when they succeed again */
  readonly mailsFailures: boolean;
  readonly allowsNetwork: boolean;
  /** values of ARG, by name */
  readonly buildArguments: Values;
  readonly secretNames: readonly string[];
  /** five fields of cron, UTC */
  readonly schedule: string | undefined;
  readonly scheduledAt: Date | undefined;
  /** the repository of a linked account that it is; undefined: any git URL */
  readonly linked: LinkedRemote | undefined;
  /** the account whose rights the builds have; undefined: it is gone, so that builds fail */
  readonly createdBy: string | undefined;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A source with the secret of its hooks, which is shown only once. */
export type NewBuildSource = BuildSource & { readonly hookSecret: string };

export function sourceFrom(ctx: Needs<'publicUrl'>, row: store.SourceRow): BuildSource {
  return {
    provider: row.provider,
    cloneUrl: row.clone_url,
    credential: row.credential_kind ?? 'none',
    publicKey: row.public_key ?? undefined,
    hookUrl: ctx.publicUrl.of(`/hooks/builds/${row.hook_id}/`),
    syncsDescription: row.syncs_description,
    mailsFailures: row.mails_failures,
    allowsNetwork: row.allows_network,
    buildArguments: row.build_arguments,
    secretNames: row.secret_names,
    schedule: row.schedule ?? undefined,
    scheduledAt: row.scheduled_at ?? undefined,
    linked: remoteFrom(row),
    createdBy: row.created_by ?? undefined,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** What a new source is. */
export interface WantedSource {
  readonly provider: store.Provider;
  readonly cloneUrl: string;
  /** undefined: a deploy key for a URL of ssh, and nothing for others */
  readonly credential?: WantedCredential | undefined;
  readonly syncsDescription?: boolean | undefined;
  /** undefined: the branch master becomes latest */
  readonly rules?: readonly NewRule[] | undefined;
}

/**
 * Gives a repository a source: from then on it is automated.
 *
 * @returns the source with the secret of its hooks, which is not shown again
 * @throws AppError `invalid`, `conflict` when it has a source; as `lockAdministered`
 */
export async function addSource(
  ctx: Needs<'db' | 'publicUrl'>,
  repository: AdministeredRepository,
  wanted: WantedSource,
): Promise<NewBuildSource> {
  const cloneUrl = checkCloneUrl(wanted.cloneUrl);
  return inTransaction(ctx.db, async (tx) => {
    const locked = await lockAdministered(tx, repository);
    const { doer } = locked;
    const id = await store.nextId(tx);
    const implied: WantedCredential = { kind: isSshUrl(cloneUrl) ? 'deploy_key' : 'none' };
    const credential = await credentialValues(tx, id, wanted.credential ?? implied, { cloneUrl, repository: locked });
    const hookSecret = newSecret();
    const row = {
      id,
      repositoryId: locked.id,
      provider: wanted.provider,
      cloneUrl,
      credential,
      hookId: newSecret(),
      sealedHookSecret: sealHookSecret(await currentTokenKey(tx), id, hookSecret),
      syncsDescription: wanted.syncsDescription ?? false,
      createdBy: await backerOf(tx, locked),
    };
    if (!(await store.insert(tx, row))) throw new AppError('conflict', 'The repository has a build source already');
    await store.setAutomated(tx, locked.id, true);
    const subject = displayName(locked);
    const details = { provider: wanted.provider, url: cloneUrl };
    await recordEvent(tx, doer, { action: 'build.source_set', subject, details });
    await saveRules(tx, id, wanted.rules ?? DEFAULT_RULES, { doer, subject });
    return { ...sourceFrom(ctx, await findSource(tx, locked.id)), hookSecret };
  });
}

/**
 * Creates a repository that is automated from the start.
 *
 * @throws AppError as `createDescribedRepository` and `addSource`
 */
export async function createAutomatedRepository(
  ctx: Needs<'db' | 'settings' | 'publicUrl'>,
  actor: Actor,
  name: RepositoryName,
  { source, ...repository }: NewRepository & { readonly source: WantedSource },
): Promise<NewBuildSource> {
  return inTransaction(ctx.db, async (db) => {
    await createDescribedRepository({ db, settings: ctx.settings }, actor, name, repository);
    return addSource({ db, publicUrl: ctx.publicUrl }, await getAdministered({ db }, actor, name), source);
  });
}

/** @throws AppError `not_found` when the repository is not automated */
export async function findSource(db: Db, repositoryId: number): Promise<store.SourceRow> {
  const row = await store.find(db, repositoryId);
  if (row === undefined) throw noSource();
  return row;
}

/**
 * The source of a repository.
 *
 * @throws AppError `not_found` when it is not automated
 */
export async function getSource(
  ctx: Needs<'db' | 'publicUrl'>,
  repository: AdministeredRepository,
): Promise<BuildSource> {
  return sourceFrom(ctx, await findSource(ctx.db, repository.id));
}

/** What everybody sees of the source who may read the repository; undefined: it is not automated. */
export async function getShownSource(
  ctx: Needs<'db'>,
  repository: ReadableRepository,
): Promise<
  { readonly provider: store.Provider; readonly cloneUrl: string; readonly dockerfile: string | undefined } | undefined
> {
  const row = await store.find(ctx.db, repository.id);
  return row && { provider: row.provider, cloneUrl: row.clone_url, dockerfile: row.dockerfile ?? undefined };
}
