import type { Needs } from '../../context';
import type { Actor } from '../access/actor';
import {
  createAccessToken,
  listAccessTokens,
  revokeAccessToken,
  type AccessToken,
  type NewAccessToken,
} from './access-tokens';
import { authorizeAccount } from './own-account';

/*
 * The access tokens of an account, for its owner and the operator. A token alone cannot list or create others:
 * otherwise an attacker could outlive the revocation of a leaked token.
 */

/**
 * The tokens of an account, the oldest first.
 *
 * @throws AppError as `authorizeAccount`
 */
export async function listAccountTokens(ctx: Needs<'db'>, actor: Actor, username: string): Promise<AccessToken[]> {
  const { id: userId } = await authorizeAccount(ctx, actor, username, 'list_tokens');
  return listAccessTokens(ctx, { userId });
}

/**
 * Creates a token.
 *
 * @returns the token, and its secret, which cannot be shown again
 * @throws AppError `invalid`, `conflict` for a name that exists, or for one token too many, and those of
 *   `authorizeAccount`
 */
export async function createAccountToken(
  ctx: Needs<'db'>,
  actor: Actor,
  name: string,
  token: NewAccessToken,
): Promise<{ token: AccessToken; secret: string }> {
  const { id: userId, username, doer } = await authorizeAccount(ctx, actor, name, 'tokens');
  return createAccessToken(ctx, { userId, username }, token, doer);
}

/**
 * Ends a token, and the tokens for pushes and pulls that were obtained with it.
 *
 * @throws AppError `not_found`, and those of `authorizeAccount`
 */
export async function revokeAccountToken(ctx: Needs<'db'>, actor: Actor, name: string, tokenId: number): Promise<void> {
  const { id: userId, username, doer } = await authorizeAccount(ctx, actor, name, 'tokens');
  await revokeAccessToken(ctx, { userId, username }, tokenId, doer);
}
