import type { Needs } from '../../context';
import { identityOf, type Actor } from '../access/actor';
import * as store from './last-opened.store';

/**
 * The key by which a caller without a token is recognised between the request that opens a repository and the ones for
 * its images: the account, or else the address. An access token has its own openings, because the user of a token for
 * some repositories must not decide what the account reads without it.
 */
export function callerKey(actor: Actor): string {
  const accessTokenId = identityOf(actor)?.accessTokenId;
  return accessTokenId === undefined ? accountKey(actor) : `${accountKey(actor)} token ${accessTokenId}`;
}

/** The account, whichever credentials it uses, or else the address. */
export function accountKey(actor: Actor): string {
  const identity = identityOf(actor);
  return identity === undefined ? `address ${actor.address}` : `user ${identity.userId}`;
}

/** Records that the actor opened this repository last, to push or to pull. */
export async function recordOpening(ctx: Needs<'db'>, actor: Actor, repositoryId: number): Promise<void> {
  await store.recordOpening(ctx.db, callerKey(actor), repositoryId);
}

/** Deletes openings that are older than this. */
export async function forgetOpenings(ctx: Needs<'db'>, olderThanMs: number): Promise<void> {
  await store.deleteOpenings(ctx.db, olderThanMs);
}
