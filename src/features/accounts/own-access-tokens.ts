import type { Needs } from '../../context';
import {
  createAccessToken,
  listAccessTokens,
  revokeAccessToken,
  type AccessToken,
  type NewAccessToken,
} from './access-tokens';
import type { Actor } from '../access/actor';
import { getAccountConfirmed, getAccountItself } from '../access/current-account';
import { doerOf } from '../access/doer';

/*
 * One's own access tokens. Whoever has only a token cannot see or make others: a leaked one would otherwise outlive its
 * revocation.
 */

/** @throws AppError `forbidden` for an access token, `unauthenticated`, `inactive` */
export async function listOwnAccessTokens(ctx: Needs<'db'>, actor: Actor): Promise<AccessToken[]> {
  return listAccessTokens(ctx, await getAccountItself(ctx, actor));
}

/**
 * @returns the token, and the secret that nobody can ever see again
 * @throws AppError `invalid`, `conflict` for a name that is there, or one too many, and those of
 *   `getAccountConfirmed`
 */
export async function createOwnAccessToken(
  ctx: Needs<'db'>,
  actor: Actor,
  token: NewAccessToken,
): Promise<{ token: AccessToken; secret: string }> {
  const account = await getAccountConfirmed(ctx, actor);
  return createAccessToken(ctx, account, token, doerOf(actor, account));
}

/** @throws AppError `not_found`, and those of `getAccountConfirmed` */
export async function revokeOwnAccessToken(ctx: Needs<'db'>, actor: Actor, tokenId: number): Promise<void> {
  const account = await getAccountConfirmed(ctx, actor);
  await revokeAccessToken(ctx, account, tokenId, doerOf(actor, account));
}
