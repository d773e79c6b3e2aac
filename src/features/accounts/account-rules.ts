import { z } from 'zod';
import { AppError } from '../../platform/errors';

/**
 * Protocol 1.1: the names that the Hub accepted for users and organizations, and that every engine accepts as a
 * namespace.
 */
const HUB_NAMESPACE = /^[a-z0-9_]{4,30}$/;

/** What engines from 1.6 on accept. Docker 1.5 also accepts hyphens, but only the lengths of the Hub. */
const NAMESPACE = /^[a-z0-9_]+(?:-[a-z0-9_]+)*$/;
const NAMESPACE_CHARACTERS = { min: 2, max: 255 };

/** The rule for namespaces, in words. */
export const NAMESPACE_RULE = `it has ${NAMESPACE_CHARACTERS.min} to ${NAMESPACE_CHARACTERS.max} lower-case letters, digits and "_", with single "-" between them`;

export const PASSWORD_CHARACTERS = 5;
const PASSWORD_BYTES = 4096;
const EMAIL_CHARACTERS = 254;
const email = z.email({ pattern: z.regexes.html5Email }).max(EMAIL_CHARACTERS);

/**
 * Whether this can be the name of a user or an organization.
 *
 * @param hubLimits - whether the rule of the Hub applies; only for new names
 */
export function isNamespace(name: string, hubLimits = false): boolean {
  if (hubLimits) return HUB_NAMESPACE.test(name);
  return name.length >= NAMESPACE_CHARACTERS.min && name.length <= NAMESPACE_CHARACTERS.max && NAMESPACE.test(name);
}

/** @throws AppError `invalid` in the Hub's words, with the rule that applies here */
export function assertUsername(username: string, hubLimits = false): void {
  if (isNamespace(username, hubLimits)) return;
  const { min, max } = NAMESPACE_CHARACTERS;
  const rule = hubLimits ? `"${HUB_NAMESPACE.source}"` : `"${NAMESPACE.source}" and have ${min} to ${max} characters`;
  throw new AppError('invalid', `Wrong username format (it has to match ${rule})`);
}

/** @throws AppError `invalid` */
export function assertOrganizationName(name: string, hubLimits = false): void {
  if (isNamespace(name, hubLimits)) return;
  const rule = hubLimits ? 'it must have 4 to 30 lowercase letters, digits or "_"' : NAMESPACE_RULE;
  throw new AppError('invalid', `${name} is not a valid organization name: ${rule}`);
}

// RFC 7617 allows none of these in Basic, and parsers refuse some of them.
// eslint-disable-next-line no-control-regex
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f]/;

/** @throws AppError `invalid` for fewer than 5 characters, more than 4096 bytes, or control characters */
export function assertPassword(password: string): void {
  if ([...password].length < PASSWORD_CHARACTERS) {
    throw new AppError('invalid', `Wrong password format (it has to be at least ${PASSWORD_CHARACTERS} characters)`);
  }
  if (Buffer.byteLength(password) > PASSWORD_BYTES) {
    throw new AppError('invalid', 'Wrong password format (it has to be at most 4096 bytes)');
  }
  if (CONTROL_CHARACTER.test(password)) {
    throw new AppError('invalid', 'Wrong password format (it must not have control characters)');
  }
}

/** @throws AppError `invalid` */
export function assertEmail(address: string): void {
  if (!email.safeParse(address).success) throw new AppError('invalid', 'Wrong email format');
}

/** Usernames and namespaces are compared and stored in lower case. */
export function normalizeUsername(username: string): string {
  return username.toLowerCase();
}

/** Whether this can be a name or an address of an account, so that a lookup makes sense. */
export function isMailable(nameOrAddress: string): boolean {
  return nameOrAddress !== '' && nameOrAddress.length <= EMAIL_CHARACTERS && !CONTROL_CHARACTER.test(nameOrAddress);
}

/** The answer about an account that does not exist. */
export function noSuchUser(username: string): AppError {
  return new AppError('not_found', `No such user: ${username}`);
}
