import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import type { Actor, RepositoryName } from '../access/actor';
import { getAccount } from '../access/current-account';
import { recordEvent } from '../audit/audit';
import { readableIn, type ParticipantRepository, type ReadableRepository } from '../repositories/access';
import { displayName } from '../repositories/names';
import { findRepositoryAccess } from '../repositories/repository-access';
import { orNotFound } from './or-not-found';
import * as store from './stars.store';

/*
 * Stars: one for each account and repository (protocol 6.4). A trigger updates `star_count`, by which search sorts, in
 * the same transaction.
 */

const PAGE = 100;

/** A repository that a user has starred. */
export interface Starred extends RepositoryName {
  readonly description: string;
  readonly starCount: number;
  readonly starredAt: Date;
}

/** One page of stars. */
export interface StarPage<T> {
  readonly stars: readonly T[];
  /** the value of `before` for the next page; undefined: this was the last page */
  readonly next: number | undefined;
}

/** Which page: older stars than the one with this number, at most so many. */
export interface StarsWanted {
  readonly before?: number | undefined;
  /** 1 to 100 */
  readonly limit: number;
}

/**
 * Gives a star, or removes it; repeating it changes nothing.
 *
 * @returns how many stars there are now
 * @throws AppError `not_found` when the repository is gone
 */
export async function setStar(
  ctx: Needs<'db'>,
  repository: ParticipantRepository,
  isStarred: boolean,
): Promise<number> {
  const { account, doer } = repository;
  const change = inTransaction(ctx.db, async (tx) => {
    const write = isStarred ? store.insertStar : store.deleteStar;
    if (await write(tx, repository.id, account.userId)) {
      const action = isStarred ? 'star.added' : 'star.removed';
      await recordEvent(tx, doer, { action, subject: displayName(repository) });
    }
    return store.countStars(tx, repository.id);
  });
  return orNotFound(change);
}

/** The users who starred a repository, the latest first. */
export async function listStargazers(
  ctx: Needs<'db'>,
  repository: ReadableRepository,
  wanted: StarsWanted,
): Promise<StarPage<{ username: string; starredAt: Date }>> {
  const limit = clamp(wanted.limit);
  const rows = await store.listStargazers(ctx.db, repository.id, wanted.before, limit);
  return {
    stars: rows.map((row) => ({ username: row.username, starredAt: row.starred_at })),
    next: nextOf(rows, limit),
  };
}

/**
 * The repositories that a user has starred and that the actor may read, the latest first; for the user and site
 * administrators. A page may have fewer entries than its limit, or none, even if there is a next one.
 *
 * @throws AppError `unauthenticated`, `inactive`, `forbidden`
 */
export async function listStarred(
  ctx: Needs<'db'>,
  actor: Actor,
  userId: number,
  wanted: StarsWanted,
): Promise<StarPage<Starred>> {
  const account = await getAccount(ctx, actor);
  if (account.userId !== userId && !account.isAdmin) throw new AppError('forbidden', 'This is not your account');
  const limit = clamp(wanted.limit);
  const rows = await store.listStarred(ctx.db, userId, wanted.before, limit);
  const stars: Starred[] = [];
  for (const { namespace, name, description, star_count: starCount, starred_at: starredAt } of rows) {
    if (await mayRead(ctx, actor, { namespace, name })) {
      stars.push({ namespace, name, description, starCount, starredAt });
    }
  }
  return { stars, next: nextOf(rows, limit) };
}

async function mayRead(ctx: Needs<'db'>, actor: Actor, name: RepositoryName): Promise<boolean> {
  return readableIn(await findRepositoryAccess(ctx, actor, name)) !== undefined;
}

function clamp(limit: number): number {
  return Math.min(Math.max(limit, 1), PAGE);
}

function nextOf(rows: readonly { id: number }[], limit: number): number | undefined {
  return rows.length < limit ? undefined : rows.at(-1)?.id;
}
