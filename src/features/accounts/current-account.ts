import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import { identityOf, isAccount, type Account, type Actor, type Identity, type Principal } from './actor';
import type { CallerRow } from './policy-sql';
import { findCaller } from './users.store';

function requiresAuthorization(): AppError {
  return new AppError('unauthenticated', 'Requires authorization');
}

function isCurrent(identity: Identity, row: CallerRow): boolean {
  if (row.user_id !== identity.userId) return false;
  if (identity.accessTokenId !== undefined) return row.token_id === identity.accessTokenId;
  return row.credentials_epoch === identity.credentialsEpoch;
}

/**
 * The account behind an actor from a row that read it, or the guest that another index vouches for.
 *
 * @throws AppError `unauthenticated` when the account is gone, its password has changed or its access token has ended;
 *   `inactive`
 */
export function principalFrom(actor: Actor, row: CallerRow): Principal {
  if (actor.kind === 'token' && actor.guest !== undefined) {
    return { userId: undefined, username: undefined, isAdmin: false, access: actor.access };
  }
  const identity = identityOf(actor);
  if (identity === undefined) return undefined;
  if (!isCurrent(identity, row)) throw requiresAuthorization();
  if (row.is_active !== true) throw new AppError('inactive', 'Account is not Active');
  const { token_id: id = null, token_access: access = null, token_is_limited: isLimited = false } = row;
  return {
    userId: identity.userId,
    username: row.username ?? '',
    isAdmin: row.is_admin === true,
    robotOf: row.robot_of ?? undefined,
    accessToken: id === null || access === null ? undefined : { id, access, isLimited },
  };
}

/**
 * The account behind an actor, as it is now.
 *
 * @throws AppError `unauthenticated` for an anonymous actor, or when the account is gone, its password has changed or
 *   its access token has ended; `inactive`
 */
export async function getAccount(ctx: Needs<'db'>, actor: Actor): Promise<Account> {
  const identity = identityOf(actor);
  if (identity === undefined) throw requiresAuthorization();
  const principal = principalFrom(actor, await findCaller(ctx.db, identity));
  if (!isAccount(principal)) throw requiresAuthorization();
  return principal;
}

/**
 * The account behind an actor that logged in by itself: an access token is not enough to change how one logs in.
 *
 * @throws AppError as `getAccount`, and `forbidden` for an access token
 */
export async function getAccountItself(ctx: Needs<'db'>, actor: Actor): Promise<Account> {
  const account = await getAccount(ctx, actor);
  if (account.accessToken !== undefined) {
    throw new AppError('forbidden', 'An access token is not enough for this: log in with the password');
  }
  return account;
}
