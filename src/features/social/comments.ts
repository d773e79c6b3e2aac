import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import type { Actor, RepositoryName } from '../access/actor';
import { recordEvent } from '../audit/audit';
import { displayName } from '../repositories/names';
import { canAdminister } from '../access/policy';
import * as store from './comments.store';
import { findParticipant, findReadable, orNotFound } from './participant';
import { assertComment } from '../repositories/text-rules';

/*
 * Comments on a repository (protocol 6.4), by any account that may read it. Its author and those who administer the
 * repository delete one; any account flags one for them to look at (`comment-flags.ts`).
 */

const MISSING_COMMENT = 'Comment not found';
const MISSING = 'Repository not found';
const PAGE = 100;

/** Somebody who writes more is no reader. */
const COMMENTS_OF_AN_HOUR = 60;

/** What somebody says of a repository. */
export interface Comment {
  readonly id: number;
  readonly author: string;
  /** Markdown, as it was written: whoever shows it must make it harmless */
  readonly text: string;
  readonly createdAt: Date;
}

/** Which page: older comments than the one with this id, at most so many. */
export interface CommentsWanted {
  readonly before?: number | undefined;
  /** 1 to 100 */
  readonly limit: number;
}

/** How many a page may have. */
export function pageLimit(limit: number): number {
  return Math.min(Math.max(limit, 1), PAGE);
}

/** A comment of a row. */
export function toComment(row: store.CommentRow): Comment {
  return { id: row.id, author: row.author, text: row.text, createdAt: row.created_at };
}

async function assertMaySayMore(tx: Db, userId: number): Promise<void> {
  if ((await store.countLately(tx, userId)) < COMMENTS_OF_AN_HOUR) return;
  const sentence = `An account writes at most ${COMMENTS_OF_AN_HOUR} comments an hour`;
  throw new AppError('busy', sentence, { retryAfterSeconds: 600 });
}

/**
 * Writes a comment.
 *
 * @param text - Markdown of 1 to 4096 characters
 * @throws AppError `invalid`, `not_found`, `unauthenticated`, `busy`
 */
export async function addComment(ctx: Needs<'db'>, actor: Actor, name: RepositoryName, text: string): Promise<Comment> {
  const { repository, account, doer } = await findParticipant(ctx, actor, name);
  assertComment(text);
  const change = inTransaction(ctx.db, async (tx) => {
    await assertMaySayMore(tx, account.userId);
    const { id, created_at: createdAt } = await store.insertComment(tx, repository.id, account.userId, text);
    const details = { comment: id };
    await recordEvent(tx, doer, { action: 'comment.added', subject: displayName(name), details });
    return { id, author: account.username, text, createdAt };
  });
  return orNotFound(MISSING, change);
}

/**
 * The comments on a repository, the latest first; for whoever may read it.
 *
 * @throws AppError `not_found`, `unauthenticated`
 */
export async function listComments(
  ctx: Needs<'db'>,
  actor: Actor,
  name: RepositoryName,
  wanted: CommentsWanted,
): Promise<Comment[]> {
  const repository = await findReadable(ctx, actor, name);
  return (await store.listComments(ctx.db, repository.id, wanted.before, pageLimit(wanted.limit))).map(toComment);
}

/**
 * The comment, which nobody else changes until the transaction ends.
 *
 * @throws AppError `not_found`
 */
export async function lockComment(tx: Db, repository: { id: number }, commentId: number): Promise<store.CommentRow> {
  const comment = await store.lockComment(tx, repository.id, commentId);
  if (comment === undefined) throw new AppError('not_found', MISSING_COMMENT);
  return comment;
}

/**
 * Takes a comment away, as its author or as somebody who administers the repository.
 *
 * @throws AppError `not_found`, `unauthenticated`, `forbidden`
 */
export async function deleteComment(
  ctx: Needs<'db'>,
  actor: Actor,
  name: RepositoryName,
  commentId: number,
): Promise<void> {
  const { repository, account, doer } = await findParticipant(ctx, actor, name);
  await inTransaction(ctx.db, async (tx) => {
    const comment = await lockComment(tx, repository, commentId);
    if (comment.author_id !== account.userId && !canAdminister(account, repository)) {
      throw new AppError('forbidden', 'Access denied');
    }
    await store.deleteComment(tx, commentId);
    const details = { comment: commentId, author: comment.author };
    await recordEvent(tx, doer, { action: 'comment.deleted', subject: displayName(name), details });
  });
}
