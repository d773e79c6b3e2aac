import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import {
  identityOf,
  isAccount,
  OPERATOR_PRINCIPAL,
  OUTSIDER,
  type Account,
  type Actor,
  type Identity,
  type Operator,
  type Principal,
} from './actor';
import { reachesBeyondRepositories } from './policy';
import type { CallerRow } from './policy-sql';
import { findCaller } from './current-account.store';

/** The answer to credentials that are missing, or not good here (protocol 3.5). */
export function requiresAuthorization(): AppError {
  return new AppError('unauthenticated', 'Requires authorization');
}

/** The answer to an access token for some repositories, whatever else was asked for. */
export function onlyForRepositories(): AppError {
  return new AppError('forbidden', 'This access token is limited to certain repositories');
}

function isCurrent(identity: Identity, row: CallerRow): boolean {
  if (row.user_id !== identity.userId) return false;
  if (identity.accessTokenId !== undefined) return row.token_id === identity.accessTokenId;
  return row.credentials_epoch === identity.credentialsEpoch;
}

/**
 * The account behind an actor from a row that read it, or the guest that another index vouches for.
 *
 * @returns an outsider if the row is about a repository that the access token is not for
 * @throws AppError `unauthenticated` when the account is gone, its password has changed or its access token has ended;
 *   `inactive`
 */
export function principalFrom(actor: Actor, row: CallerRow): Principal {
  if (actor.kind === 'token' && actor.guest !== undefined) {
    return { userId: undefined, username: undefined, isAdmin: false, access: actor.access };
  }
  if (actor.kind === 'operator') return OPERATOR_PRINCIPAL;
  const identity = identityOf(actor);
  if (identity === undefined) return undefined;
  if (!isCurrent(identity, row)) throw requiresAuthorization();
  if (row.is_active !== true) throw new AppError('inactive', 'Account is not Active');
  if (row.token_covers === false) return OUTSIDER;
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
 * The account behind an actor, as it is now, whatever its credentials are for. What the account may do with them
 * depends on the repository: for everything else, ask `getAccount`.
 *
 * @throws AppError `unauthenticated` for an anonymous actor, or when the account is gone, its password has changed or
 *   its access token has ended; `inactive`
 */
export async function identifyAccount(ctx: Needs<'db'>, actor: Actor): Promise<Account> {
  const identity = identityOf(actor);
  if (identity === undefined) throw requiresAuthorization();
  const principal = principalFrom(actor, await findCaller(ctx.db, identity));
  if (!isAccount(principal)) throw requiresAuthorization();
  return principal;
}

/**
 * Checks that the credentials of an actor are still good, for requests whose answer does not depend on them.
 *
 * @throws AppError `unauthenticated`, `inactive`
 */
export async function assertStillGood(ctx: Needs<'db'>, actor: Actor): Promise<void> {
  if (identityOf(actor) !== undefined) await identifyAccount(ctx, actor);
}

/**
 * The account behind an actor, for requests that are not about one repository: an organization, the account's own
 * things, a report. A token of the protocol and an access token for some repositories cannot be used for these.
 *
 * @throws AppError as `identifyAccount`; `unauthenticated` for a token of the protocol, `forbidden` for an access token
 *   for some repositories
 */
export async function getAccount(ctx: Needs<'db'>, actor: Actor): Promise<Account> {
  if (actor.kind === 'token') throw requiresAuthorization();
  const account = await identifyAccount(ctx, actor);
  if (!reachesBeyondRepositories(account)) throw onlyForRepositories();
  return account;
}

/**
 * As `getAccount`, but the operator may ask, too.
 *
 * @throws AppError as `getAccount`
 */
export async function getAccountOrOperator(ctx: Needs<'db'>, actor: Actor): Promise<Account | Operator> {
  return actor.kind === 'operator' ? OPERATOR_PRINCIPAL : getAccount(ctx, actor);
}

/**
 * The account behind an actor that logged in by itself. An access token or a token for pulls and pushes is not enough
 * to see how the account logs in, and a program has no account here.
 *
 * @throws AppError as `getAccount`, and `forbidden` for an access token
 */
export async function requirePasswordLogin(ctx: Needs<'db'>, actor: Actor): Promise<Account> {
  if (actor.kind === 'token') throw requiresAuthorization();
  const account = await identifyAccount(ctx, actor);
  const isItself = actor.kind === 'user' && actor.proof !== 'access_token' && account.accessToken === undefined;
  if (!isItself) throw new AppError('forbidden', 'This cannot be done with an access token: log in with your password');
  return account;
}

/**
 * Refuses an actor that has not given the password lately, for the actions in `guarded-actions.ts`. The operator has no
 * password, and passes: they are at the machine.
 *
 * @throws AppError `password_needed` for a session whose password was given long ago; `forbidden` for an access token
 *   and for programs; `unauthenticated` for an anonymous actor
 */
export function assertConfirmed(actor: Actor): void {
  if (actor.kind === 'operator') return;
  if (actor.kind === 'anonymous') throw requiresAuthorization();
  const proof = actor.kind === 'user' ? actor.proof : undefined;
  if (proof === 'password' || proof === 'recent_login') return;
  if (proof === 'old_login') throw new AppError('password_needed', 'Confirm your password first');
  if (actor.kind === 'program')
    throw new AppError('forbidden', 'An application cannot do this: log in with your password');
  throw new AppError('forbidden', 'This cannot be done with an access token: log in with your password');
}

/**
 * The account behind an actor that has given the password lately: for changes by which someone could take over the
 * account.
 *
 * @throws AppError as `requirePasswordLogin` and `assertConfirmed`
 */
export async function requireRecentPassword(ctx: Needs<'db'>, actor: Actor): Promise<Account> {
  assertConfirmed(actor);
  return requirePasswordLogin(ctx, actor);
}

function assertAdministrator(account: Account): Account {
  if (!account.isAdmin) throw new AppError('forbidden', 'Only administrators can do this');
  return account;
}

/**
 * The administrator behind an actor, with any credentials that let an account act as one (see `policy-sql.ts`), or the
 * operator.
 *
 * @throws AppError `unauthenticated`, `inactive`, `forbidden` for all others
 */
export async function requireAdministrator(ctx: Needs<'db'>, actor: Actor): Promise<Account | Operator> {
  if (actor.kind === 'operator') return OPERATOR_PRINCIPAL;
  return assertAdministrator(await getAccount(ctx, actor));
}

/**
 * As `requireAdministrator`, but an access token is not enough.
 *
 * @throws AppError `unauthenticated`, `inactive`, `forbidden` for all others
 */
export async function requireAdministratorLogin(ctx: Needs<'db'>, actor: Actor): Promise<Account | Operator> {
  if (actor.kind === 'operator') return OPERATOR_PRINCIPAL;
  return assertAdministrator(await requirePasswordLogin(ctx, actor));
}
