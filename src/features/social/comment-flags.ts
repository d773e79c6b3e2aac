import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import type { Actor, RepositoryName } from '../access/actor';
import { getAccount } from '../access/current-account';
import { recordEvent } from '../audit/audit';
import type { AdministeredRepository, ParticipantRepository } from '../repositories/access';
import { displayName } from '../repositories/names';
import { lockComment, pageLimit, toComment, type Comment, type CommentsWanted } from './comments';
import * as store from './comments.store';

/** A comment that at least one account has flagged. */
export interface FlaggedComment extends Comment {
  readonly repository: RepositoryName;
  /** how many accounts have flagged it */
  readonly flags: number;
}

function toFlagged({ namespace, name, flags, ...row }: store.FlaggedRow): FlaggedComment {
  return { ...toComment(row), repository: { namespace, name }, flags };
}

/**
 * Asks the administrators to look at a comment; each account counts once.
 *
 * @throws AppError `not_found`
 */
export async function flagComment(
  ctx: Needs<'db'>,
  repository: ParticipantRepository,
  commentId: number,
): Promise<void> {
  const { account, doer } = repository;
  await inTransaction(ctx.db, async (tx) => {
    await lockComment(tx, repository, commentId);
    if (!(await store.insertFlag(tx, commentId, account.userId))) return;
    const details = { comment: commentId };
    await recordEvent(tx, doer, { action: 'comment.flagged', subject: displayName(repository), details });
  });
}

/**
 * Dismisses the flags of a comment, as an administrator of the repository.
 *
 * @throws AppError `not_found`
 */
export async function dismissFlags(
  ctx: Needs<'db'>,
  repository: AdministeredRepository,
  commentId: number,
): Promise<void> {
  const { doer } = repository;
  await inTransaction(ctx.db, async (tx) => {
    await lockComment(tx, repository, commentId);
    const flags = await store.deleteFlags(tx, commentId);
    if (flags === 0) return;
    const details = { comment: commentId, flags };
    await recordEvent(tx, doer, { action: 'comment.flags_dismissed', subject: displayName(repository), details });
  });
}

/** The flagged comments on a repository, the latest first. */
export async function listFlaggedComments(
  ctx: Needs<'db'>,
  repository: AdministeredRepository,
  wanted: CommentsWanted,
): Promise<FlaggedComment[]> {
  return (await store.listFlagged(ctx.db, repository.id, wanted.before, pageLimit(wanted.limit))).map(toFlagged);
}

/**
 * The flagged comments on all repositories, the latest first; for site administrators.
 *
 * @throws AppError `unauthenticated`, `inactive`, `forbidden`
 */
export async function listAllFlaggedComments(
  ctx: Needs<'db'>,
  actor: Actor,
  wanted: CommentsWanted,
): Promise<FlaggedComment[]> {
  if (!(await getAccount(ctx, actor)).isAdmin) throw new AppError('forbidden', 'Access denied');
  return (await store.listFlagged(ctx.db, undefined, wanted.before, pageLimit(wanted.limit))).map(toFlagged);
}
