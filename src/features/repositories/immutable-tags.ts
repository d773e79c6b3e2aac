import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import type { Actor, RepositoryName } from '../accounts/actor';
import { recordEvent } from '../audit/audit';
import { getAdministered } from './administered';
import * as store from './immutable-tags.store';
import { displayName } from './names';
import { isTagPattern, matchesTagPattern } from './tag-pattern';

/*
 * Immutable tags. A repository has a list of patterns, `*` for all its tags; a tag that matches one is set once, and
 * from then on neither moved nor deleted, whoever asks. Setting it to the image that it has is no move. Deleting the
 * repository is no matter of its tags.
 *
 * Whoever changes a tag holds the repository's row against a change of the patterns until the tag is written: a tag is
 * never moved after its pattern was set.
 */

const MISSING = 'Repository not found';
const PATTERNS = 20;

/**
 * Says which tags of a repository nobody may move or delete. Those that are there stay what they are.
 *
 * @param patterns - with `*` and `?`; `['*']`: all tags, `[]`: none
 * @throws AppError `invalid`, `unauthenticated`, `forbidden`, `not_found`
 */
export async function setImmutableTags(
  ctx: Needs<'db'>,
  actor: Actor,
  name: RepositoryName,
  patterns: readonly string[],
): Promise<void> {
  const { repository, doer } = await getAdministered(ctx, actor, name);
  const wanted = [...new Set(patterns)];
  if (wanted.length > PATTERNS) throw new AppError('invalid', `At most ${PATTERNS} patterns, please`);
  const bad = wanted.find((pattern) => !isTagPattern(pattern));
  if (bad !== undefined) {
    throw new AppError('invalid', 'A pattern has 1 to 128 characters of those of tags, and * and ?');
  }
  await inTransaction(ctx.db, async (tx) => {
    const change = await store.updatePatterns(tx, repository.id, wanted);
    if (change === 'missing') throw new AppError('not_found', MISSING);
    if (change === 'unchanged') return;
    const details = { to: wanted.join(' ') };
    await recordEvent(tx, doer, { action: 'repository.immutable_tags_changed', subject: displayName(name), details });
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
  if (patterns === undefined) throw new AppError('not_found', MISSING);
  return (tag) => patterns.some((pattern) => matchesTagPattern(pattern, tag));
}

/** What somebody is told who would move or delete such a tag. */
export function tagIsImmutable(tag: string): AppError {
  return new AppError('conflict', `The tag ${tag} is immutable: it cannot be moved or deleted`);
}
