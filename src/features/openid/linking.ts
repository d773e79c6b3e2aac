import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { isUniqueViolation } from '../../platform/db/sqlstate';
import { AppError } from '../../platform/errors';
import { lockAccounts } from '../accounts/locks';
import { authorizeAccount } from '../accounts/own-account';
import { tellAccount } from '../accounts/security-notices';
import { hasPassword } from '../accounts/users';
import type { Actor } from '../access/actor';
import { recordEvent } from '../audit/audit';
import type { ProviderUser } from './claims';
import { followGroups, leaveGroups } from './groups';
import * as store from './identities.store';

/** A user of a provider that is linked to an account. */
export interface LinkedSignIn {
  readonly id: number;
  readonly issuer: string;
  readonly subject: string;
  /** as the provider said it last; it is only shown */
  readonly email: string | undefined;
  readonly since: Date;
  readonly lastUsedAt: Date;
}

/**
 * The linked sign-ins of an account, for its owner and for administrators.
 *
 * @throws AppError as `authorizeAccount`
 */
export async function listLinked(ctx: Needs<'db'>, actor: Actor, username: string): Promise<LinkedSignIn[]> {
  const { id } = await authorizeAccount(ctx, actor, username, 'profile');
  return (await store.listOf(ctx.db, id)).map((row) => ({
    id: row.id,
    issuer: row.issuer,
    subject: row.subject,
    email: row.email ?? undefined,
    since: row.created_at,
    lastUsedAt: row.last_used_at,
  }));
}

/**
 * Links a user of the provider to the actor's account.
 *
 * @throws AppError `conflict` when the user has an account already, or the account another user of the provider; those
 *   of `authorizeAccount`
 */
export async function link(
  ctx: Needs<'db' | 'log' | 'settings'>,
  actor: Actor,
  username: string,
  user: ProviderUser,
): Promise<void> {
  const account = await authorizeAccount(ctx, actor, username, 'login');
  if (!account.isOwn) throw new AppError('forbidden', 'Only the owner of an account can link it');
  const { doer } = account;
  const name = ctx.settings.openId?.name ?? user.issuer;
  const { issuer, subject, email } = user;
  try {
    await inTransaction(ctx.db, async (tx) => {
      const id = await store.insert(tx, { userId: account.id, issuer, subject, email });
      await followGroups(ctx, tx, { id, user_id: account.id, username, made_admin: false, doer }, user);
      await recordEvent(tx, doer, { action: 'sign_in.linked', subject: username, details: { issuer } });
      await tellAccount(tx, account.id, 'sign_in_linked', doer, { detail: name });
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    const message = `This user of ${name} is linked already, or your account is linked to another user of ${name}`;
    throw new AppError('conflict', message, { cause: error });
  }
}

/**
 * Removes a linked sign-in from an account, and what its groups gave, for its owner and for administrators.
 *
 * @throws AppError `not_found`; `conflict` while it is the only way to sign in; those of `authorizeAccount`
 */
export async function unlink(ctx: Needs<'db' | 'settings'>, actor: Actor, name: string, id: number): Promise<void> {
  const { doer, id: userId, username: subject } = await authorizeAccount(ctx, actor, name, 'login');
  await inTransaction(ctx.db, async (tx) => {
    await lockAccounts(tx, [subject]);
    const identity = await store.findOf(tx, userId, id);
    if (identity === undefined) throw new AppError('not_found', `${subject} has no such linked sign-in`);
    if (!(await hasPassword({ db: tx }, subject))) {
      const message = `${subject} has no password, and could no longer sign in: set a password first`;
      throw new AppError('conflict', message);
    }
    const { issuer } = identity;
    await recordEvent(tx, doer, { action: 'sign_in.unlinked', subject, details: { issuer } });
    await leaveGroups(ctx, tx, { ...identity, doer });
    await store.deleteIdentity(tx, id);
    const { openId } = ctx.settings;
    const detail = openId?.issuer === issuer ? openId.name : issuer;
    await tellAccount(tx, userId, 'sign_in_unlinked', doer, { detail });
  });
}
