import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import { recordEvent } from '../audit/audit';
import type { ParticipantRepository, ReadableRepository } from '../repositories/access';
import { displayName } from '../repositories/names';
import { canAdminister } from '../access/policy';
import * as store from './comments.store';
import { orNotFound } from './or-not-found';
import { assertComment } from '../repositories/text-rules';

/*
 * Comments on a repository (protocol 6.4), by any account that may read it. The author of a comment and the
 * administrators of the repository can delete it; any account can flag it for them (`comment-flags.ts`).
 */

const MISSING_COMMENT = 'Comment not found';
const PAGE = 100;

/** A person who reads the repositories does not write more. */
const COMMENTS_OF_AN_HOUR = 60;

/** A comment on a repository. */
export interface Comment {
  readonly id: number;
  readonly author: string;
  /** Markdown, as it was written: code that shows it must sanitize it */
  readonly text: string;
  readonly createdAt: Date;
}

/** Which page: older comments than the one with this id, at most so many. */
export interface CommentsWanted {
  readonly before?: number | undefined;
  /** 1 to 100 */
  readonly limit: number;
}

/** How many comments a page may have. */
export function pageLimit(limit: number): number {
  return Math.min(Math.max(limit, 1), PAGE);
}

/** A comment of a row. */
export function toComment(row: store.CommentRow): Comment {
  return { id: row.id, author: row.author, text: row.text, createdAt: row.created_at };
}

async function assertMaySayMore(tx: Db, userId: number): Promise<void> {
  if ((await store.countLately(tx, userId)) < COMMENTS_OF_AN_HOUR) return;
  const sentence = `An account can post at most ${COMMENTS_OF_AN_HOUR} comments an hour`;
  throw new AppError('busy', sentence, { retryAfterSeconds: 600 });
}

/**
 * Writes a comment.
 *
 * @param text - Markdown of 1 to 4096 characters
 * @throws AppError `invalid`, `not_found` when the repository is gone, `busy`
 */
export async function addComment(ctx: Needs<'db'>, repository: ParticipantRepository, text: string): Promise<Comment> {
  const { account, doer } = repository;
  assertComment(text);
  const change = inTransaction(ctx.db, async (tx) => {
    await assertMaySayMore(tx, account.userId);
    const { id, created_at: createdAt } = await store.insertComment(tx, repository.id, account.userId, text);
    const details = { comment: id };
    await recordEvent(tx, doer, { action: 'comment.added', subject: displayName(repository), details });
    return { id, author: account.username, text, createdAt };
  });
  return orNotFound(change);
}

/** The comments on a repository, the latest first. */
export async function listComments(
  ctx: Needs<'db'>,
  repository: ReadableRepository,
  wanted: CommentsWanted,
): Promise<Comment[]> {
  return (await store.listComments(ctx.db, repository.id, wanted.before, pageLimit(wanted.limit))).map(toComment);
}

/**
 * Locks a comment, so that nothing else changes it until the transaction ends.
 *
 * @throws AppError `not_found`
 */
export async function lockComment(tx: Db, repository: { id: number }, commentId: number): Promise<store.CommentRow> {
  const comment = await store.lockComment(tx, repository.id, commentId);
  if (comment === undefined) throw new AppError('not_found', MISSING_COMMENT);
  return comment;
}

/**
 * Deletes a comment, as its author or as an administrator of the repository.
 *
 * @throws AppError `not_found`, `forbidden`
 */
export async function deleteComment(
  ctx: Needs<'db'>,
  repository: ParticipantRepository,
  commentId: number,
): Promise<void> {
  const { account, doer } = repository;
  await inTransaction(ctx.db, async (tx) => {
    const comment = await lockComment(tx, repository, commentId);
    if (comment.author_id !== account.userId && !canAdminister(account, repository)) {
      throw new AppError('forbidden', 'Access denied');
    }
    await store.deleteComment(tx, commentId);
    const details = { comment: commentId, author: comment.author };
    await recordEvent(tx, doer, { action: 'comment.deleted', subject: displayName(repository), details });
  });
}
