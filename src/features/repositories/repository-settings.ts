import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import type { Actor, RepositoryName } from '../access/actor';
import type { Visibility } from '../access/policy';
import type { AdministeredRepository } from './access';
import { createRepository } from './creation';
import { getAdministered, lockAdministered } from './get-repository';
import { setImmutableTags } from './immutable-tags';
import { setVisibility } from './visibility';
import { getRepositoryDetails, updateDescriptions, type RepositoryDetails } from './repository-details';

/*
 * Several settings of a repository at once: all of them change, or none.
 */

/** What somebody says of a new repository; what is undefined is empty, or as the namespace wants it. */
export interface NewRepository {
  readonly visibility?: Visibility | undefined;
  readonly description?: string | undefined;
  readonly fullDescription?: string | undefined;
}

/** What is undefined stays. */
export interface SettingsChanges extends NewRepository {
  readonly immutableTags?: readonly string[] | undefined;
}

/**
 * Makes an empty repository that says something of itself.
 *
 * @throws AppError as `createRepository` and `updateDescriptions`
 */
export async function createDescribedRepository(
  ctx: Needs<'db' | 'settings'>,
  actor: Actor,
  name: RepositoryName,
  { visibility, ...descriptions }: NewRepository,
): Promise<void> {
  await inTransaction(ctx.db, async (db) => {
    await createRepository({ db, settings: ctx.settings }, actor, name, visibility);
    await updateDescriptions({ db }, await getAdministered({ db }, actor, name), descriptions);
  });
}

/**
 * Changes settings of a repository.
 *
 * @param assertCurrent - throws unless what is there, and nobody can change any more, is what the caller wants to change
 * @throws AppError `invalid`, `forbidden` when the plan has no room for a private repository; as `lockAdministered`, and
 *   what `assertCurrent` throws
 */
export async function changeSettings(
  ctx: Needs<'db'>,
  repository: AdministeredRepository,
  changes: SettingsChanges,
  assertCurrent: (details: RepositoryDetails) => void,
): Promise<void> {
  const { visibility, immutableTags, ...descriptions } = changes;
  await inTransaction(ctx.db, async (db) => {
    const locked = await lockAdministered(db, repository);
    assertCurrent(await getRepositoryDetails({ db }, locked));
    if (visibility !== undefined) await setVisibility({ db }, locked, visibility);
    await updateDescriptions({ db }, locked, descriptions);
    if (immutableTags !== undefined) await setImmutableTags({ db }, locked, immutableTags);
  });
}
