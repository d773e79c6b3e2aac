import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import type { Actor, RepositoryName } from '../access/actor';
import { recordEvent } from '../audit/audit';
import { getAdministered } from './administered';
import type { ListedRepository } from './listings';
import { displayName, LIBRARY } from './names';
import { canAdminister, canWrite } from '../access/policy';
import { assertVisible, findScope } from './scope';
import * as store from './repository-details.store';
import { assertFullDescription, assertShortDescription } from './text-rules';

const MISSING = 'Repository not found';

/** What the page of a repository shows; its description is a line of at most 100 characters. */
export interface RepositoryDetails extends ListedRepository {
  /** Markdown of at most 64 KiB */
  readonly fullDescription: string;
  readonly commentCount: number;
  /** patterns of the tags that nobody moves */
  readonly immutableTags: readonly string[];
  /** the actor has given a star */
  readonly isStarred: boolean;
  readonly canWrite: boolean;
  readonly canAdminister: boolean;
}

/**
 * A repository with what it says of itself, for whoever may read it; also by a former name. While it is being deleted
 * it is shown to those who have a role in it.
 *
 * @throws AppError `not_found`, `unauthenticated`
 */
export async function getRepositoryDetails(
  ctx: Needs<'db'>,
  actor: Actor,
  name: RepositoryName,
): Promise<RepositoryDetails> {
  const scope = await findScope(ctx, actor, name, { followsAliases: true });
  const repository = assertVisible(scope, MISSING);
  const row = await store.findDetails(ctx.db, repository.id, scope.principal?.userId);
  if (row === undefined) throw new AppError('not_found', MISSING);
  return {
    namespace: repository.namespace,
    name: repository.name,
    state: repository.state,
    visibility: repository.visibility,
    isOfficial: repository.namespace === LIBRARY,
    description: row.description,
    fullDescription: row.full_description,
    isAutomated: row.is_automated,
    starCount: row.star_count,
    tagCount: row.tag_count,
    commentCount: row.comment_count,
    immutableTags: row.immutable_tags,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    isStarred: row.is_starred,
    canWrite: canWrite(scope.principal, repository),
    canAdminister: canAdminister(scope.principal, repository),
  };
}

/**
 * Changes what a repository says of itself; for those who administer it.
 *
 * @param changes - what is undefined stays
 * @throws AppError `invalid`, `not_found`, `unauthenticated`, `forbidden`
 */
export async function updateDescriptions(
  ctx: Needs<'db'>,
  actor: Actor,
  name: RepositoryName,
  changes: { description?: string | undefined; fullDescription?: string | undefined },
): Promise<void> {
  const { repository, doer } = await getAdministered(ctx, actor, name);
  if (changes.description !== undefined) assertShortDescription(changes.description);
  if (changes.fullDescription !== undefined) assertFullDescription(changes.fullDescription);
  await inTransaction(ctx.db, async (tx) => {
    if (!(await store.updateDescriptions(tx, repository.id, changes))) return;
    await recordEvent(tx, doer, { action: 'repository.described', subject: displayName(name) });
  });
}
