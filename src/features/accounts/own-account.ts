import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import { OPERATOR_PRINCIPAL, type Account, type Actor, type Operator } from '../access/actor';
import { getAccount, requirePasswordLogin, requireRecentPassword } from '../access/current-account';
import { doerOf } from '../access/doer';
import { canActForAccount } from '../access/policy';
import type { Doer } from '../audit/audit';
import { normalizeUsername, noSuchUser } from './account-rules';
import { findByUsername } from './users.store';

/*
 * Who may see and change whose account. The functions of accounts check it here, so that no surface can forget it:
 *
 *                  credentials of the account itself                       and who else
 *   profile        a login, an access token for everything with admin,     administrators, the operator
 *                  a program whose scope the surface has checked
 *   login          a login whose password was given lately                 administrators, the operator
 *   tokens         the same                                                the operator
 *   list_tokens    a login                                                 the operator
 *
 * `policy.ts` says what an administrator's access token can do. A program that acts for an administrator is not one.
 */

/**
 * What a caller wants to do with an account: `profile` also sees addresses, sessions and programs, `login` changes
 * them.
 */
export type AccountUse = 'profile' | 'login' | 'tokens' | 'list_tokens';

/** An account that the actor may use. */
export interface AuthorizedAccount {
  readonly id: number;
  readonly username: string;
  /** the actor is the account itself */
  readonly isOwn: boolean;
  /** the actor, for the audit log */
  readonly doer: Doer;
}

type Caller = Account | Operator | { readonly userId: number; readonly isAdmin: false };

async function callerFor(ctx: Needs<'db'>, actor: Actor, use: AccountUse): Promise<Caller> {
  if (actor.kind === 'operator') return OPERATOR_PRINCIPAL;
  if (use === 'login' || use === 'tokens') return requireRecentPassword(ctx, actor);
  if (use === 'list_tokens') return requirePasswordLogin(ctx, actor);
  if (actor.kind === 'program') return { userId: actor.userId, isAdmin: false };
  const account = await getAccount(ctx, actor);
  if (!canActForAccount(account)) throw new AppError('forbidden', 'This access token does not allow this');
  return account;
}

function isAllowed(actor: Actor, caller: Caller, use: AccountUse): boolean {
  if (actor.kind === 'operator') return true;
  return caller.isAdmin && (use === 'profile' || use === 'login');
}

/**
 * Reads an account, and checks that the actor may use it in this way.
 *
 * @param username - in upper or lower case
 * @throws AppError `not_found`; `forbidden` for the account of another user, and for credentials that are not enough;
 *   `password_needed`, `unauthenticated`, `inactive`
 */
export async function authorizeAccount(
  ctx: Needs<'db'>,
  actor: Actor,
  username: string,
  use: AccountUse,
): Promise<AuthorizedAccount> {
  const caller = await callerFor(ctx, actor, use);
  const user = await findByUsername(ctx.db, normalizeUsername(username));
  if (user === undefined) throw noSuchUser(username);
  const isOwn = user.id === caller.userId;
  if (!isOwn && !isAllowed(actor, caller, use)) throw new AppError('forbidden', 'This is not your account');
  if (isOwn && !user.is_active) throw new AppError('inactive', 'Account is not Active');
  const principal = 'username' in caller ? caller : undefined;
  const doer = principal === undefined ? { userId: user.id, name: user.username, address: actor.address } : undefined;
  return { id: user.id, username: user.username, isOwn, doer: doer ?? doerOf(actor, principal) };
}
