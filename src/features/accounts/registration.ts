import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import { networkOf } from './login-limits';
import { countMailTo, MAIL_LIMITS } from './mail-limits';
import { assertEmailIsFree, assertUserFormats, insertAccount, isNameTaken, NAME_TAKEN } from './users';

/** What an anonymous client sends to register; anything may be missing. */
export interface Registration {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly email?: string | undefined;
}

function present(value: string | undefined, field: string): string {
  if (value === undefined || value === '') throw new AppError('invalid', `Missing field: ${field}`);
  return value;
}

/**
 * Counts before anything is created, so that requests at the same time cannot exceed the limit. Requests that cannot
 * succeed were refused before, and are not counted: engines log in by trying to register.
 */
async function countRegistration(
  { registrationLimiter, mailLimiters }: Needs<'mailLimiters' | 'registrationLimiter'>,
  address: string,
  email: string,
): Promise<void> {
  const { waitSeconds: retryAfterSeconds } = await registrationLimiter.count(networkOf(address));
  if (retryAfterSeconds > 0) {
    throw new AppError('busy', 'Too many accounts were registered from your network', {
      retryAfterSeconds,
    });
  }
  if (await countMailTo(mailLimiters, email)) return;
  throw new AppError('busy', 'Too many accounts were registered with this mailbox', {
    retryAfterSeconds: MAIL_LIMITS.name.blockSeconds,
  });
}

/**
 * Registers an account, in the order of protocol 2.2. Old engines log in by trying to register, so the check whether
 * the name exists comes before every other rule: an old name that breaks today's format must still be able to log in,
 * and so must a user who leaves the address blank. A link to confirm the address is mailed to it.
 *
 * @param address - of the client that registers
 * @throws AppError `invalid` and `conflict` in the Hub's words, `closed` when the operator has closed registration,
 *   `busy` after too many from one network or for one mailbox
 */
export async function register(
  ctx: Needs<'db' | 'settings' | 'passwords' | 'mailLimiters' | 'registrationLimiter'>,
  input: Registration,
  address: string,
): Promise<void> {
  const username = present(input.username, 'username');
  const password = present(input.password, 'password');
  const isTaken = await isNameTaken(ctx, username);
  const email = isTaken ? '' : present(input.email, 'email');
  if (isTaken) throw new AppError('conflict', NAME_TAKEN);
  assertUserFormats({ username, password, email }, ctx.settings);
  await assertEmailIsFree(ctx, email);
  if (!ctx.settings.registrationOpen) throw new AppError('closed', 'Registration is closed');
  await countRegistration(ctx, address, email);
  const awaitsConfirmation = ctx.settings.confirmationRequired;
  const states = { isActive: !awaitsConfirmation, awaitsConfirmation, isAdmin: false, isEmailVerified: false };
  await insertAccount(ctx, { username, password, email, ...states }, { address });
}
