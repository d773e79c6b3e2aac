import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import type { Actor, RepositoryName } from '../access/actor';
import type { Visibility } from '../access/policy';
import { lockAdministered } from './administered';
import { createRepository } from './creation';
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
    await updateDescriptions({ db }, actor, name, descriptions);
  });
}

/**
 * Changes settings of a repository; for those who administer it.
 *
 * @param assertCurrent - throws unless what is there, and nobody can change any more, is what the caller wants to change
 * @throws AppError `invalid`, `not_found`, `unauthenticated`, `inactive`, `forbidden` also when the plan has no room for a
 *   private repository
 */
export async function changeSettings(
  ctx: Needs<'db'>,
  actor: Actor,
  name: RepositoryName,
  changes: SettingsChanges,
  assertCurrent: (details: RepositoryDetails) => void,
): Promise<void> {
  const { visibility, immutableTags, ...descriptions } = changes;
  await inTransaction(ctx.db, async (db) => {
    await lockAdministered(db, actor, name);
    assertCurrent(await getRepositoryDetails({ db }, actor, name));
    if (visibility !== undefined) await setVisibility({ db }, actor, name, () => Promise.resolve(visibility));
    await updateDescriptions({ db }, actor, name, descriptions);
    if (immutableTags !== undefined) await setImmutableTags({ db }, actor, name, immutableTags);
  });
}
