import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import type { RepositoryName } from '../access/actor';
import { recordEvents, type AuditEvent } from '../audit/audit';
import type { DeletableRepository } from '../repositories/access';
import { useDeleteToken } from '../repositories/deletion';
import { lockImmutableTags, tagIsImmutable } from '../repositories/immutable-tags';
import { lockRepository } from '../repositories/locking';
import { displayName, isTag } from '../repositories/names';
import { insertDeletions } from './tag-history.store';
import { pointerOf } from './tags';
import * as store from './tags.store';

/**
 * Deletes a tag (protocol 4.7). A delete token is used up only if the tag was deleted.
 *
 * @throws AppError `not_found`, `conflict` for a tag that is immutable; as `useDeleteToken`
 */
export async function deleteTag(ctx: Needs<'db'>, repository: DeletableRepository, tag: string): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    await useDeleteToken(tx, repository);
    await lockRepository(tx, repository.id);
    await removeTag(tx, repository, tag);
  });
}

/**
 * Takes a tag of a locked repository away.
 *
 * @throws AppError `not_found`, `conflict` for a tag that is immutable
 */
async function removeTag(tx: Db, repository: DeletableRepository, tag: string): Promise<void> {
  const isImmutable = await lockImmutableTags(tx, repository.id);
  const removed = isTag(tag) ? await removeTags(tx, repository, [tag]) : 0;
  if (removed === 0) throw new AppError('not_found', `Tag not found: ${tag}`);
  if (isImmutable(tag)) throw tagIsImmutable(tag);
}

/**
 * Takes tags of a locked repository away, after the caller has checked that they may go.
 *
 * @returns how many of them there were
 */
export async function removeTags(
  tx: Db,
  repository: RepositoryName & Pick<DeletableRepository, 'id' | 'doer'>,
  tags: readonly string[],
): Promise<number> {
  const { id, doer } = repository;
  const deleted = await store.deleteTags(tx, id, tags);
  await insertDeletions(tx, id, doer, deleted);
  const events = deleted.map((tag): AuditEvent => {
    const subject = `${displayName(repository)}:${tag.name}`;
    return { action: 'tag.deleted', subject, details: { from: pointerOf(tag) } };
  });
  await recordEvents(tx, doer, events);
  return deleted.length;
}

/**
 * Takes away all tags of a locked repository that point to a manifest.
 *
 * @throws AppError `conflict` when one of them is immutable
 */
export async function deleteTagsOfManifest(tx: Db, repository: DeletableRepository, manifestId: number): Promise<void> {
  const tags = await store.listTagsOfManifest(tx, manifestId);
  const isImmutable = await lockImmutableTags(tx, repository.id);
  const kept = tags.find(isImmutable);
  if (kept !== undefined) throw tagIsImmutable(kept);
  await removeTags(tx, repository, tags);
}
