import type { Needs } from '../../context';
import { AppError, type FieldError } from '../../platform/errors';
import { networkOf } from './login-limits';
import { countMailTo, MAIL_LIMITS } from './mail-limits';
import { assertUserFormats, userProblems } from './account-rules';
import { assertEmailIsFree, insertAccount, isNameTaken, nameTaken } from './users';

/** What an anonymous client sends to register; anything may be missing. */
export interface Registration {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly email?: string | undefined;
}

const PARTS = { username: 'a username', email: 'an email address', password: 'a password' } as const;

/** Everything that is wrong with the input, in words; the protocol names only the first problem. */
function problemsOf(input: Registration, hubLimits: boolean): FieldError[] {
  const isMissing = (field: string): boolean => (input[field as keyof Registration] ?? '') === '';
  const missing = Object.entries(PARTS).flatMap(([field, part]) =>
    isMissing(field) ? [{ field, message: `Enter ${part}` }] : [],
  );
  const { username = '', password = '', email = '' } = input;
  const wrong = userProblems({ username, password, email }, hubLimits).filter(({ field }) => !isMissing(field));
  return [...missing, ...wrong.map(({ field, message }) => ({ field, message }))];
}

function present(input: Registration, field: keyof Registration, fields: readonly FieldError[]): string {
  const value = input[field];
  if (value === undefined || value === '') throw new AppError('invalid', `Missing field: ${field}`, { fields });
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
  await countRegisteredMailbox({ mailLimiters }, email);
}

/**
 * Counts an account that is registered with an address that it has to confirm.
 *
 * @throws AppError `busy` after too many for one mailbox
 */
export async function countRegisteredMailbox({ mailLimiters }: Needs<'mailLimiters'>, email: string): Promise<void> {
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
  const { hubLimits } = ctx.settings;
  const fields = problemsOf(input, hubLimits);
  const username = present(input, 'username', fields);
  const password = present(input, 'password', fields);
  if (await isNameTaken(ctx, username)) throw nameTaken({ fields });
  const email = present(input, 'email', fields);
  assertUserFormats({ username, password, email }, hubLimits);
  await assertEmailIsFree(ctx, email);
  if (!ctx.settings.registrationOpen) throw new AppError('closed', 'Registration is closed');
  await countRegistration(ctx, address, email);
  const awaitsConfirmation = ctx.settings.confirmationRequired;
  const states = { isActive: !awaitsConfirmation, awaitsConfirmation, isAdmin: false, isEmailVerified: false };
  await insertAccount(ctx, { username, password, email, ...states }, { address });
}
