import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { isUniqueViolation } from '../../platform/db/sqlstate';
import { AppError, type AppErrorOptions } from '../../platform/errors';
import { recordEvent, type AuditDetails, type Doer } from '../audit/audit';
import type { Actor, Identity } from '../access/actor';
import { requireAdministrator } from '../access/current-account';
import { doerOf } from '../access/doer';
import { addEmailTo, emailTaken } from './add-email';
import { queueConfirmation } from './mail-queue';
import { NO_PASSWORD, usableHash } from './no-password';
import { authorizeAccount, type AuthorizedAccount } from './own-account';
import { assertNotRetired, isReservedName } from './retired-names';
import { assertEmail, assertPassword, assertUserFormats, normalizeUsername, noSuchUser } from './account-rules';
import { tellAccount } from './security-notices';
import * as store from './users.store';

/** The public facts about an account. */
export interface User {
  readonly id: number;
  readonly username: string;
  readonly email: string | undefined;
  readonly isActive: boolean;
  readonly isAdmin: boolean;
  /** the organization of a robot; undefined for a person's account */
  readonly robotOf: string | undefined;
  readonly createdAt: Date;
}

export interface NewUser {
  readonly username: string;
  /** undefined: the account has none, and its owner signs in with a provider */
  readonly password: string | undefined;
  readonly email: string | undefined;
  readonly isActive: boolean;
  readonly isAdmin: boolean;
  /** an administrator has stated that the address belongs to the user */
  readonly isEmailVerified: boolean;
  /** the account is inactive only until its address is confirmed */
  readonly awaitsConfirmation?: boolean;
}

/** Engines compare this text byte for byte, and then go on to log in (protocol 2.2). */
const NAME_TAKEN = 'Username or email already exists';

/** The answer to a new account with a name that exists. @param options.fields - other fields that are wrong */
export function nameTaken({ cause, fields = [] }: AppErrorOptions = {}): AppError {
  const taken = { field: 'username', message: 'This username is taken: choose another one' };
  const others = fields.filter(({ field }) => field !== taken.field);
  return new AppError('conflict', NAME_TAKEN, { cause, fields: [taken, ...others] });
}

/** A user, from a row. */
export function toUser(row: Omit<store.UserRow, 'password_hash' | 'credentials_epoch' | 'has_second_factor'>): User {
  return {
    id: row.id,
    username: row.username,
    email: row.email ?? undefined,
    isActive: row.is_active,
    isAdmin: row.is_admin,
    robotOf: row.robot_of ?? undefined,
    createdAt: row.created_at,
  };
}

/** The user, or undefined. The name's case does not matter. */
export async function findUser(ctx: Needs<'db'>, username: string): Promise<User | undefined> {
  const row = await store.findByUsername(ctx.db, normalizeUsername(username));
  return row === undefined ? undefined : toUser(row);
}

/** @throws AppError `not_found` */
export async function getUser(ctx: Needs<'db'>, username: string): Promise<User> {
  const user = await findUser(ctx, username);
  if (user === undefined) throw noSuchUser(username);
  return user;
}

/**
 * All users by name, for administrators.
 *
 * @throws AppError as `requireAdministrator`
 */
export async function listUsers(ctx: Needs<'db'>, actor: Actor): Promise<User[]> {
  await requireAdministrator(ctx, actor);
  return (await store.listAll(ctx.db)).map(toUser);
}

/**
 * Whether a user, a robot, an organization or the Hub itself has this name, or it is reserved. Every name that can log in is taken: an
 * engine up to 1.10 logs in only after this answer (protocol 2.2).
 *
 * @param name - in any case
 */
export async function isNameTaken(ctx: Needs<'db'>, name: string): Promise<boolean> {
  const normalized = normalizeUsername(name);
  return isReservedName(normalized) || store.isNameTaken(ctx.db, normalized);
}

/** Whether an account has confirmed this address. */
export async function isEmailTaken(ctx: Needs<'db'>, address: string): Promise<boolean> {
  return (await store.findVerifiedOwner(ctx.db, address)) !== undefined;
}

/** @throws AppError `conflict` when an account has confirmed this address */
export async function assertEmailIsFree(ctx: Needs<'db'>, address: string): Promise<void> {
  if (await isEmailTaken(ctx, address)) throw emailTaken();
}

/**
 * Creates an account and its namespace, for administrators.
 *
 * @throws AppError `invalid` for a bad format, `conflict` when the name or the address is taken, or the name is retired;
 *   those of `requireAdministrator`
 */
export async function createUser(
  ctx: Needs<'db' | 'passwords' | 'settings'>,
  actor: Actor,
  user: NewUser,
): Promise<void> {
  await insertAccount(ctx, user, { doer: doerOf(actor, await requireAdministrator(ctx, actor)) });
}

/**
 * Creates an account and its namespace, after the caller was authorised.
 *
 * @param by - who creates it, or the address of a client that registers it
 * @param also - what belongs to the account from its start, in the same transaction
 * @throws AppError `invalid` for a bad format, `conflict` when the name or the address is taken, or the name is retired
 */
export async function insertAccount(
  ctx: Needs<'db' | 'passwords' | 'settings'>,
  user: NewUser,
  by: { readonly doer: Doer } | { readonly address: string; readonly details?: AuditDetails },
  also: (tx: Db, account: { readonly id: number; readonly doer: Doer }) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  assertUserFormats(user, ctx.settings.hubLimits);
  if (isReservedName(user.username)) throw nameTaken();
  await assertNotRetired(ctx.db, user.username);
  const passwordHash = user.password === undefined ? NO_PASSWORD : await ctx.passwords.hash(user.password);
  await inTransaction(ctx.db, async (tx) => {
    const userId = await insertUnlessTaken(tx, { ...user, passwordHash });
    const doer = 'doer' in by ? by.doer : { userId, name: user.username, address: by.address };
    const action = 'doer' in by ? 'user.created' : 'user.registered';
    const details = { ...('doer' in by ? {} : by.details), ...(user.isAdmin ? { isAdmin: true } : {}) };
    await recordEvent(tx, doer, { action, subject: user.username, details });
    if (user.email !== undefined) {
      await addEmail(tx, { userId, address: user.email, isPrimary: true, isVerified: user.isEmailVerified });
    }
    await also(tx, { id: userId, doer });
  });
}

async function insertUnlessTaken(tx: Db, user: NewUser & { passwordHash: string }): Promise<number> {
  try {
    return await store.insertUser(tx, user);
  } catch (error) {
    throw isUniqueViolation(error) ? nameTaken({ cause: error }) : error;
  }
}

/**
 * Adds an address. If it is not verified, a link to confirm it is mailed to it.
 *
 * @returns false when the user has this address already
 */
async function addEmail(tx: Db, email: store.NewEmail): Promise<boolean> {
  const emailId = await addEmailTo(tx, email);
  if (emailId === undefined) return false;
  if (!email.isVerified) await queueConfirmation(tx, emailId);
  return true;
}

/**
 * Whether an account has a password. One without signs in with a provider.
 *
 * @param username - in any case
 */
export async function hasPassword(ctx: Needs<'db'>, username: string): Promise<boolean> {
  const row = await store.findByUsername(ctx.db, normalizeUsername(username));
  return usableHash(row) !== undefined;
}

/** Changes to how an account logs in; undefined fields stay as they are. */
export interface UserChanges {
  readonly password?: string | undefined;
  readonly email?: string | undefined;
}

/**
 * Changes the given fields, for the account itself and for administrators.
 *
 * @throws AppError as `changeUser` and `authorizeAccount`
 */
export async function updateUser(
  ctx: Needs<'db' | 'passwords'>,
  actor: Actor,
  username: string,
  changes: UserChanges,
): Promise<void> {
  await changeUser(ctx, await authorizeAccount(ctx, actor, username, 'login'), changes);
}

/**
 * Changes the given fields: a new password replaces the old one and ends every token; a new address is added, not yet
 * verified, and the old ones stay (protocol 2.4).
 *
 * @param account - authorised for `login`
 * @throws AppError `invalid`, `conflict` when the address belongs to another account
 */
export async function changeUser(
  ctx: Needs<'db' | 'passwords'>,
  account: AuthorizedAccount,
  changes: UserChanges,
): Promise<void> {
  const { id, username: subject, doer } = account;
  if (changes.password !== undefined) assertPassword(changes.password);
  if (changes.email !== undefined) assertEmail(changes.email);
  const passwordHash = changes.password === undefined ? undefined : await ctx.passwords.hash(changes.password);
  await inTransaction(ctx.db, async (tx) => {
    if (passwordHash !== undefined) {
      await store.updatePassword(tx, id, passwordHash);
      await recordEvent(tx, doer, { action: 'user.password_changed', subject });
      await tellAccount(tx, id, 'password_changed', doer);
    }
    if (changes.email === undefined) return;
    const email = { userId: id, address: changes.email, isPrimary: false, isVerified: false };
    if (!(await addEmail(tx, email))) return;
    await recordEvent(tx, doer, { action: 'user.email_added', subject });
    await tellAccount(tx, id, 'email_added', doer, { detail: changes.email });
  });
}

/**
 * The identity to act for a user without the password: for seeds and tests only.
 *
 * @throws AppError `not_found`
 */
export async function identityWithoutPassword(ctx: Needs<'db'>, username: string): Promise<Identity> {
  const row = await store.findByUsername(ctx.db, normalizeUsername(username));
  if (row === undefined) throw noSuchUser(username);
  return { userId: row.id, credentialsEpoch: row.credentials_epoch, accessTokenId: undefined };
}
