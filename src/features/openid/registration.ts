import type { Needs } from '../../context';
import { isUniqueViolation } from '../../platform/db/sqlstate';
import { AppError, fieldError } from '../../platform/errors';
import { assertEmailIsFree, insertAccount, isEmailTaken, isNameTaken, nameTaken } from '../accounts/users';
import { assertUserFormats } from '../accounts/account-rules';
import { countRegisteredMailbox } from '../accounts/registration';
import type { ProviderUser } from './claims';
import { followGroups } from './groups';
import * as store from './identities.store';

type Registering = Needs<'db' | 'log' | 'mailLimiters' | 'passwords' | 'settings'>;

/**
 * Whether unknown users of the provider may create an account.
 *
 * @throws AppError `closed`
 */
export function assertMayRegister({ settings }: Needs<'settings'>): void {
  if (settings.openId?.createsAccounts === true) return;
  const name = settings.openId?.name ?? 'the provider';
  throw new AppError(
    'closed',
    `No account is linked to this user of ${name}. Ask the people who run this server for one, sign in with its ` +
      'password, and link it under Password',
  );
}

/** What the form for a new account has to ask. */
export interface Registration {
  /** the address that the account gets without being asked, because the provider has checked it */
  readonly email: string | undefined;
  /** the address must be given and confirmed, because the operator requires a confirmed one */
  readonly needsEmail: boolean;
  /** the address of the provider belongs to an account here already */
  readonly isEmailTaken: boolean;
}

/** What is known and what is not about the new account of a user. */
export async function registrationOf(ctx: Needs<'db' | 'settings'>, user: ProviderUser): Promise<Registration> {
  const isTaken = user.email !== undefined && (await isEmailTaken(ctx, user.email));
  const email = isTaken || !user.isEmailVerified ? undefined : user.email;
  return { email, needsEmail: email === undefined && ctx.settings.confirmationRequired, isEmailTaken: isTaken };
}

/**
 * Creates the account of a user of the provider. It has no password.
 *
 * @param given.email - if `registrationOf` says that it is needed; it is confirmed by mail
 * @returns whether the account can sign in at once; otherwise the address has to be confirmed first
 * @throws AppError `invalid` and `conflict` with their fields; `closed`; `conflict` when the user has an account already;
 *   `busy` after too many accounts for one mailbox
 */
export async function registerUser(
  ctx: Registering,
  user: ProviderUser,
  given: { readonly username: string; readonly email: string },
  address: string,
): Promise<{ isActive: boolean }> {
  assertMayRegister(ctx);
  const { username } = given;
  if (username === '') throw fieldError('invalid', 'username', 'Enter a username');
  const known = await registrationOf(ctx, user);
  if (known.needsEmail && given.email === '') throw fieldError('invalid', 'email', 'Enter an email address');
  const unverified = known.needsEmail ? given.email : known.isEmailTaken ? undefined : user.email;
  const email = known.email ?? unverified;
  assertUserFormats({ username, password: undefined, email }, ctx.settings.hubLimits);
  if (await isNameTaken(ctx, username)) throw nameTaken();
  if (email !== undefined) await assertEmailIsFree(ctx, email);
  if (email !== undefined && known.email === undefined) await countRegisteredMailbox(ctx, email);
  const account = {
    username,
    password: undefined,
    email,
    isActive: !known.needsEmail,
    awaitsConfirmation: known.needsEmail,
    isAdmin: false,
    isEmailVerified: known.email !== undefined,
  };
  const { issuer, subject } = user;
  await insertAccount(ctx, account, { address, details: { by: 'openid' } }, async (tx, { id: userId, doer }) => {
    const id = await store.insert(tx, { userId, issuer, subject, email: user.email }).catch((error: unknown) => {
      if (!isUniqueViolation(error)) throw error;
      throw new AppError('conflict', 'You have an account here already: sign in again', { cause: error });
    });
    await followGroups(ctx, tx, { id, user_id: userId, username, made_admin: false, doer }, user);
  });
  return { isActive: account.isActive };
}
