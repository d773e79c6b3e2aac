import type { Needs } from '../../context';
import { identityOf, type Actor } from '../accounts/actor';
import * as store from './openings.store';

/**
 * How a caller without a token is recognised between the request that opens a repository and the ones for its images:
 * by the account, else by the address.
 */
export function callerKey(actor: Actor): string {
  const identity = identityOf(actor);
  return identity === undefined ? `address ${actor.address}` : `user ${identity.userId}`;
}

/** Remembers that the actor opened this repository last, to push or to pull. */
export async function recordOpening(ctx: Needs<'db'>, actor: Actor, repositoryId: number): Promise<void> {
  await store.recordOpening(ctx.db, callerKey(actor), repositoryId);
}

/** Forgets who opened what before `before`. */
export async function forgetOpenings(ctx: Needs<'db'>, before: Date): Promise<void> {
  await store.deleteOpenings(ctx.db, before);
}
