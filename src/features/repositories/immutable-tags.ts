import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import type { RepositoryName } from '../access/actor';
import { recordEvent } from '../audit/audit';
import { repositoryNotFound, type AdministeredRepository } from './access';
import * as store from './immutable-tags.store';
import { displayName } from './names';
import { lockRepository } from './repositories.store';
import { isTagPattern, matchesTagPattern } from './tag-pattern';

/*
 * Immutable tags. A repository has a list of patterns, `*` for all its tags; a tag that matches one is set once, and
 * from then on neither moved nor deleted, whoever asks. Setting it to the image that it has is no move.
 *
 * Whatever would let such a tag be set to another image later is refused as well: deleting all tags, the repository, or a
 * former name by which hosts still pull it. Whoever administers the repository takes the patterns back first, which the
 * audit log shows. See `docs/decisions/0020-immutable-tags-and-deletion.md`.
 *
 * Whoever changes a tag holds the repository's row against a change of the patterns until the tag is written: a tag is
 * never moved after its pattern was set.
 */

const PATTERNS = 20;

/**
 * Says which tags of a repository nobody may move or delete. Those that are there stay what they are.
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
  if (wanted.length > PATTERNS) throw new AppError('invalid', `At most ${PATTERNS} patterns, please`);
  const bad = wanted.find((pattern) => !isTagPattern(pattern));
  if (bad !== undefined) {
    throw new AppError('invalid', 'A pattern has 1 to 128 characters of those of tags, and * and ?');
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
 * Keeps the patterns from changing, and the repository from going, until the transaction ends.
 *
 * @returns whether a tag is immutable
 * @throws AppError `not_found` when the repository is gone
 */
export async function lockImmutableTags(tx: Db, repositoryId: number): Promise<(tag: string) => boolean> {
  const patterns = await store.lockPatterns(tx, repositoryId);
  if (patterns === undefined) throw repositoryNotFound();
  return (tag) => patterns.some((pattern) => matchesTagPattern(pattern, tag));
}

/** What somebody is told who would move or delete such a tag. */
export function tagIsImmutable(tag: string): AppError {
  return new AppError('conflict', `The tag ${tag} is immutable: it cannot be moved or deleted`);
}

const NAMED = 3;

/**
 * Makes sure that what takes all tags away takes no immutable one. Locks the repository until the transaction ends: no
 * tag is set, and no pattern is changed, in between.
 *
 * @param code - how the caller says no: the old protocol knows `forbidden` of a deletion
 * @throws AppError `code` with the names of the first of them
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
