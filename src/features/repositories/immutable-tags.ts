import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { AppError, fieldError } from '../../platform/errors';
import type { RepositoryName } from '../access/actor';
import { recordEvent } from '../audit/audit';
import { repositoryNotFound, type AdministeredRepository } from './access';
import * as store from './immutable-tags.store';
import { displayName } from './names';
import { lockRepository } from './repositories.store';
import { isTagPattern, matchesTagPattern } from './tag-pattern';

/*
 * Immutable tags. A repository has a list of patterns, `*` for all its tags; a tag that matches a pattern is set once,
 * and from then on nobody can move or delete it. Setting it to the image that it already has does not count as a move.
 *
 * Actions after which such a tag could be set to another image are refused as well: deleting all tags, the repository,
 * or a former name by which hosts still pull it. An administrator of the repository has to remove the patterns first,
 * which the audit log shows. See `docs/decisions/0020-immutable-tags-and-deletion.md`.
 *
 * A transaction that changes a tag locks the repository's row, so that the patterns cannot change until the tag is
 * written: a tag is never moved after its pattern was set.
 */

const PATTERNS = 20;

/**
 * Sets which tags of a repository nobody may move or delete. Existing tags keep their images.
 *
 * @param patterns - with `*` and `?`; `['*']`: all tags, `[]`: none
 * @throws AppError `invalid`, `not_found` when the repository is gone
 */
export async function setImmutableTags(
  ctx: Needs<'db'>,
  repository: AdministeredRepository,
  patterns: readonly string[],
): Promise<void> {
  const { doer } = repository;
  const wanted = [...new Set(patterns)];
  if (wanted.length > PATTERNS)
    throw fieldError('invalid', 'immutable_tags', `A repository can have at most ${PATTERNS} patterns`);
  const bad = wanted.find((pattern) => !isTagPattern(pattern));
  if (bad !== undefined) {
    throw fieldError(
      'invalid',
      'immutable_tags',
      'A pattern must have 1 to 128 characters: those allowed in tags, * and ?',
    );
  }
  await inTransaction(ctx.db, async (tx) => {
    const change = await store.updatePatterns(tx, repository.id, wanted);
    if (change === 'missing') throw repositoryNotFound();
    if (change === 'unchanged') return;
    const details = { to: wanted.join(' ') };
    const subject = displayName(repository);
    await recordEvent(tx, doer, { action: 'repository.immutable_tags_changed', subject, details });
  });
}

/**
 * Keeps the patterns from changing, and the repository from being deleted, until the transaction ends.
 *
 * @returns whether a tag is immutable
 * @throws AppError `not_found` when the repository is gone
 */
export async function lockImmutableTags(tx: Db, repositoryId: number): Promise<(tag: string) => boolean> {
  const patterns = await store.lockPatterns(tx, repositoryId);
  if (patterns === undefined) throw repositoryNotFound();
  return (tag) => patterns.some((pattern) => matchesTagPattern(pattern, tag));
}

/** The answer to a request that would move or delete such a tag. */
export function tagIsImmutable(tag: string): AppError {
  return new AppError('conflict', `The tag ${tag} is immutable: it cannot be moved or deleted`);
}

const NAMED = 3;

/**
 * Refuses to delete all tags if one of them is immutable. Locks the repository until the transaction ends, so that no
 * tag is set, and no pattern is changed, in between.
 *
 * @param code - the code of the refusal: the old protocol has `forbidden` for deletions
 * @throws AppError `code` with the names of the first immutable tags
 */
export async function assertNoImmutableTags(
  tx: Db,
  repository: RepositoryName & { readonly id: number },
  code: 'forbidden' | 'conflict',
): Promise<void> {
  await lockRepository(tx, repository.id);
  const patterns = (await store.lockPatterns(tx, repository.id)) ?? [];
  if (patterns.length === 0) return;
  const tags = await store.listTagNames(tx, repository.id);
  const immutable = tags.filter((tag) => patterns.some((pattern) => matchesTagPattern(pattern, tag)));
  if (immutable.length === 0) return;
  const more = immutable.length > NAMED ? ` and ${immutable.length - NAMED} more` : '';
  const names = `${immutable.slice(0, NAMED).join(', ')}${more}`;
  throw new AppError(
    code,
    `${displayName(repository)} has immutable tags (${names}). Make its tags mutable first, in its settings`,
  );
}
