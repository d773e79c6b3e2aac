import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { recordEvent } from '../audit/audit';
import { repositoryNotFound, type AdministeredRepository, type VisibleRepository } from './access';
import type { ListedRepository } from './listings';
import { displayName, LIBRARY } from './names';
import { canAdminister, canWrite } from '../access/policy';
import * as store from './repository-details.store';
import { assertFullDescription, assertShortDescription } from './text-rules';

/** The facts that the page of a repository shows; its description is a line of at most 100 characters. */
export interface RepositoryDetails extends ListedRepository {
  /** Markdown of at most 64 KiB */
  readonly fullDescription: string;
  readonly commentCount: number;
  /** patterns of the tags that nobody may move */
  readonly immutableTags: readonly string[];
  /** the actor has given a star */
  readonly isStarred: boolean;
  readonly canWrite: boolean;
  readonly canAdminister: boolean;
}

/**
 * Reads the descriptions and other details of a repository.
 *
 * @returns the same repository, as it was authorised, with its details
 * @throws AppError `not_found` when the repository is gone
 */
export async function getRepositoryDetails<R extends VisibleRepository>(
  ctx: Needs<'db'>,
  repository: R,
): Promise<R & RepositoryDetails> {
  const { principal } = repository.access;
  const row = await store.findDetails(ctx.db, repository.id, principal?.userId);
  if (row === undefined) throw repositoryNotFound();
  return {
    ...repository,
    visibility: row.visibility,
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
    canWrite: canWrite(principal, repository),
    canAdminister: canAdminister(principal, repository),
  };
}

/**
 * Changes the descriptions of a repository.
 *
 * @param changes - undefined fields stay as they are
 * @throws AppError `invalid`
 */
export async function updateDescriptions(
  ctx: Needs<'db'>,
  repository: AdministeredRepository,
  changes: { description?: string | undefined; fullDescription?: string | undefined },
): Promise<void> {
  if (changes.description !== undefined) assertShortDescription(changes.description);
  if (changes.fullDescription !== undefined) assertFullDescription(changes.fullDescription);
  await inTransaction(ctx.db, async (tx) => {
    if (!(await store.updateDescriptions(tx, repository.id, changes))) return;
    const event = { action: 'repository.described', subject: displayName(repository) } as const;
    await recordEvent(tx, repository.doer, event);
  });
}
