import { z } from 'zod';
import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import { confirmSession, type Own } from '../accounts/confirm-login';
import { useCode } from '../accounts/second-factor-codes';
import { isRecentLogin, type ProviderUser } from './claims';
import * as store from './identities.store';
import { openSealed, sealFor } from './sealed';

/*
 * An account without a password shows with its provider that a session is still in the hands of its owner: the provider
 * has the user log in again, and that stands for the password in `guarded-actions.ts`. If the account has a second
 * factor here, a code is needed as well.
 */

const PURPOSE = 'openid confirmation';
const CODE_SECONDS = 300;

const WITHOUT_PROVIDER = 'Set a password by email (Forgot your password?), and confirm with it';

const confirmationSchema = z.object({ sessionId: z.number() });

/** Seals for a form that the provider has confirmed this session, and that only the code is missing. */
export function sealConfirmation(ctx: Needs<'tokenKey'>, sessionId: number): string {
  return sealFor(ctx.tokenKey, PURPOSE, { sessionId }, CODE_SECONDS);
}

/** Whether the form is one for this session, and not too old. */
export function isConfirmation(ctx: Needs<'tokenKey'>, ticket: string, sessionId: number): boolean {
  return confirmationSchema.safeParse(openSealed(ctx.tokenKey, PURPOSE, ticket)).data?.sessionId === sessionId;
}

/**
 * Refuses unless the owner of the account has logged in at the provider again. The user can strip what asks for it
 * from the address on the way there, so only a provider that says when they logged in is believed.
 *
 * @param user - who has come back from the provider
 * @throws AppError `forbidden` when it is another user, or has not logged in again
 */
export async function assertOwnLogin(
  ctx: Needs<'db' | 'settings'>,
  { userId, username }: Pick<Own, 'userId' | 'username'>,
  user: ProviderUser,
): Promise<void> {
  const name = ctx.settings.openId?.name ?? 'The provider';
  const identity = await store.find(ctx.db, user.issuer, user.subject);
  if (identity?.user_id !== userId) {
    throw new AppError('forbidden', `You signed in with ${name} as a user who is not linked to ${username}`);
  }
  const isRecent = isRecentLogin(user);
  if (isRecent === true) return;
  const fault =
    isRecent === undefined
      ? `${name} does not say when you logged in there, so it cannot confirm that it is you`
      : `${name} did not ask you to log in again`;
  throw new AppError('forbidden', `${fault}. ${WITHOUT_PROVIDER}`);
}

/**
 * Confirms a session whose owner has just logged in at the provider.
 *
 * @param code - of the second factor; undefined: none is on
 * @returns false when the code is wrong
 * @throws AppError `busy` after too many wrong codes
 */
export async function confirmByProvider(
  ctx: Needs<'db' | 'log' | 'loginLimiters' | 'tokenKey'>,
  session: Own,
  code: string | undefined,
): Promise<boolean> {
  if (code !== undefined && !(await useCode(ctx, session, code))) return false;
  await confirmSession(ctx, session, { by: 'openid' });
  return true;
}
