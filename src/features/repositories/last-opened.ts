import type { Needs } from '../../context';
import { identityOf, type Actor } from '../access/actor';
import * as store from './last-opened.store';

/**
 * How a caller without a token is recognised between the request that opens a repository and the ones for its images:
 * by the account, else by the address. An access token has openings of its own: whoever has one for some repositories
 * must not decide what the account reads without it.
 */
export function callerKey(actor: Actor): string {
  const accessTokenId = identityOf(actor)?.accessTokenId;
  return accessTokenId === undefined ? accountKey(actor) : `${accountKey(actor)} token ${accessTokenId}`;
}

/** The account, whatever credentials it uses, else the address. */
export function accountKey(actor: Actor): string {
  const identity = identityOf(actor);
  return identity === undefined ? `address ${actor.address}` : `user ${identity.userId}`;
}

/** Remembers that the actor opened this repository last, to push or to pull. */
export async function recordOpening(ctx: Needs<'db'>, actor: Actor, repositoryId: number): Promise<void> {
  await store.recordOpening(ctx.db, callerKey(actor), repositoryId);
}

/** Forgets who opened what longer ago than this. */
export async function forgetOpenings(ctx: Needs<'db'>, olderThanMs: number): Promise<void> {
  await store.deleteOpenings(ctx.db, olderThanMs);
}
