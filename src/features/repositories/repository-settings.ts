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

/**
 * The settings of a new repository; undefined texts are empty, an undefined visibility is the default of the namespace.
 */
export interface NewRepository {
  readonly visibility?: Visibility | undefined;
  readonly description?: string | undefined;
  readonly fullDescription?: string | undefined;
}

/** Changes to settings; undefined fields stay as they are. */
export interface SettingsChanges extends NewRepository {
  readonly immutableTags?: readonly string[] | undefined;
}

/**
 * Creates an empty repository with descriptions.
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
 * @param assertCurrent - gets the locked state, and throws if it is not the one that the caller wants to change
 * @throws AppError `invalid`, `forbidden` when the plan allows no further private repository; as `lockAdministered`,
 *   and what `assertCurrent` throws
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
