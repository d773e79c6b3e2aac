import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { AppError, fieldError } from '../../platform/errors';
import { newSecret } from '../../platform/secrets';
import { currentTokenKey } from '../accounts/token-key';
import { recordEvent } from '../audit/audit';
import type { AdministeredRepository } from '../repositories/access';
import { lockAdministered } from '../repositories/get-repository';
import { displayName } from '../repositories/names';
import { saveArguments, saveSecrets, type Values } from './build-inputs';
import { checkCloneUrl, isSshUrl } from './clone-url';
import { sealHookSecret } from './credentials';
import { leaveProvider, replaceAtProvider } from './linked/remotes-queue';
import { backerOf, credentialValues, type WantedCredential } from './source-credential';
import { findSource, sourceFrom, type BuildSource, type NewBuildSource } from './sources';
import * as store from './sources.store';

/** Changes to a source; undefined fields stay as they are. */
export interface SourceChanges {
  readonly provider?: store.Provider | undefined;
  readonly cloneUrl?: string | undefined;
  /** `deploy_key` creates a new one */
  readonly credential?: WantedCredential | undefined;
  readonly syncsDescription?: boolean | undefined;
  readonly mailsFailures?: boolean | undefined;
  /** only for site administrators */
  readonly allowsNetwork?: boolean | undefined;
  /** all of them */
  readonly buildArguments?: Values | undefined;
  /** those that are set, or removed by null */
  readonly secrets?: Readonly<Record<string, string | null>> | undefined;
}

/**
 * Checks that a source can keep its credential at a URL. An administrator who does not know the token must not be able to
 * send it to a host of their own.
 *
 * @throws AppError `invalid`
 */
function assertFits({ credential_kind: kind, clone_url: before }: store.SourceRow, cloneUrl: string): void {
  if (kind === null) return;
  if (isSshUrl(cloneUrl) !== (kind === 'deploy_key'))
    throw fieldError('invalid', 'credential', 'The URL needs another credential: a deploy key for ssh, or a token');
  if (kind === 'token' && new URL(cloneUrl).origin !== new URL(before).origin)
    throw fieldError('invalid', 'credential', 'The token is for another host: give one for the new URL, or none');
}

function changedFields(changes: SourceChanges): string {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  return given.map(([field]) => field).join(' ');
}

/**
 * Changes the source of a repository. From then on builds have the rights of the account that changed it.
 *
 * @param assertCurrent - gets the locked state, and throws if it is not the one that the caller wants to change
 * @throws AppError `invalid`, `not_found` without a source, `forbidden` when a user who is not a site administrator
 *   changes whether builds have a network; as `lockAdministered`, and what `assertCurrent` throws
 */
export async function changeSource(
  ctx: Needs<'db' | 'publicUrl'>,
  repository: AdministeredRepository,
  changes: SourceChanges,
  assertCurrent: (source: BuildSource) => void = () => undefined,
): Promise<BuildSource> {
  const cloneUrl = changes.cloneUrl === undefined ? undefined : checkCloneUrl(changes.cloneUrl);
  return inTransaction(ctx.db, async (tx) => {
    const locked = await lockAdministered(tx, repository);
    const before = await findSource(tx, locked.id);
    assertCurrent(sourceFrom(ctx, before));
    const isNew = changes.allowsNetwork !== undefined && changes.allowsNetwork !== before.allows_network;
    if (isNew && locked.access.principal?.isAdmin !== true)
      throw new AppError('forbidden', 'Only a site administrator can decide whether builds have a network');
    const of = { cloneUrl: cloneUrl ?? before.clone_url, repository: locked };
    if (changes.credential !== undefined)
      await store.setCredential(tx, before.id, await credentialValues(tx, before.id, changes.credential, of));
    else assertFits(before, of.cloneUrl);
    await store.update(tx, before.id, {
      ...changes,
      cloneUrl,
      by: locked.doer.userId ?? (before.created_by === null ? await backerOf(tx, locked) : undefined),
    });
    if (changes.buildArguments !== undefined) await saveArguments(tx, before.id, changes.buildArguments);
    if (changes.secrets !== undefined) await saveSecrets(tx, before.id, changes.secrets);
    const isElsewhere = cloneUrl !== undefined && cloneUrl !== before.clone_url;
    if (isElsewhere) await leaveProvider(tx, before.id);
    else if (changes.credential !== undefined) await replaceAtProvider(tx, before.id);
    await recordEvent(tx, locked.doer, {
      action: 'build.source_changed',
      subject: displayName(locked),
      details: { fields: changedFields(changes) },
    });
    return sourceFrom(ctx, await findSource(tx, locked.id));
  });
}

/**
 * Replaces the URL and the secret of the hooks of a source; hooks to the former URL are refused from then on.
 *
 * @throws AppError `not_found`, as `lockAdministered`
 */
export async function renewHook(
  ctx: Needs<'db' | 'publicUrl'>,
  repository: AdministeredRepository,
): Promise<NewBuildSource> {
  return inTransaction(ctx.db, async (tx) => {
    const locked = await lockAdministered(tx, repository);
    const { id } = await findSource(tx, locked.id);
    const hookSecret = newSecret();
    await store.setHook(tx, id, newSecret(), sealHookSecret(await currentTokenKey(tx), id, hookSecret));
    await replaceAtProvider(tx, id);
    await recordEvent(tx, locked.doer, {
      action: 'build.source_changed',
      subject: displayName(locked),
      details: { fields: 'hook' },
    });
    return { ...sourceFrom(ctx, await findSource(tx, locked.id)), hookSecret };
  });
}

/**
 * Removes the source of a repository, which is an ordinary one again. Builds that wait or run are cancelled; the history
 * stays.
 *
 * @throws AppError `not_found`, as `lockAdministered`
 */
export async function removeSource(ctx: Needs<'db'>, repository: AdministeredRepository): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const locked = await lockAdministered(tx, repository);
    const { id } = await findSource(tx, locked.id);
    await store.endBuilds(tx, id);
    await leaveProvider(tx, id);
    await store.remove(tx, id);
    await store.setAutomated(tx, locked.id, false);
    await recordEvent(tx, locked.doer, { action: 'build.source_removed', subject: displayName(locked) });
  });
}
