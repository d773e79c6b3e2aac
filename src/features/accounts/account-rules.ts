import { z } from 'zod';
import { AppError, fieldError, type FieldError } from '../../platform/errors';

/**
 * Protocol 1.1: the names that the Hub accepted for users and organizations, and that every engine accepts as a
 * namespace.
 */
const HUB_NAMESPACE = /^[a-z0-9_]{4,30}$/;

/** What engines from 1.6 on accept. Docker 1.5 also accepts hyphens, but only the lengths of the Hub. */
const NAMESPACE = /^[a-z0-9_]+(?:-[a-z0-9_]+)*$/;
const NAMESPACE_CHARACTERS = { min: 2, max: 255 };

/** The rule for namespaces, in words. */
export const NAMESPACE_RULE = `it has ${NAMESPACE_CHARACTERS.min} to ${NAMESPACE_CHARACTERS.max} lowercase letters, digits and "_", with single "-" between them`;

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

/** The rule for new names, for forms. */
export function usernameRule(hubLimits: boolean): { pattern: string; min: number; max: number; words: string } {
  if (hubLimits) {
    const words = '4 to 30 lowercase letters, digits and underscores';
    return { pattern: HUB_NAMESPACE.source, min: 4, max: 30, words };
  }
  const { min, max } = NAMESPACE_CHARACTERS;
  const words = `${min} to ${max} lowercase letters, digits and underscores, with single hyphens between them`;
  return { pattern: NAMESPACE.source, min, max, words };
}

/** What is wrong with a field of an account. */
interface Problem extends FieldError {
  /** in the Hub's words, which engines print */
  readonly said: string;
}

function problemOfUsername(username: string, hubLimits: boolean): Problem[] {
  if (isNamespace(username, hubLimits)) return [];
  const { min, max } = NAMESPACE_CHARACTERS;
  const rule = hubLimits ? `"${HUB_NAMESPACE.source}"` : `"${NAMESPACE.source}" and have ${min} to ${max} characters`;
  const said = `Wrong username format (it has to match ${rule})`;
  return [{ field: 'username', message: `A username has ${usernameRule(hubLimits).words}`, said }];
}

// RFC 7617 allows none of these in Basic, and parsers refuse some of them.
// eslint-disable-next-line no-control-regex
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f]/;

function problemOfPassword(password: string): Problem[] {
  const problem = (rule: string, message: string): Problem[] => [
    { field: 'password', message, said: `Wrong password format (${rule})` },
  ];
  if ([...password].length < PASSWORD_CHARACTERS) {
    const least = `at least ${PASSWORD_CHARACTERS} characters`;
    return problem(`it has to be ${least}`, `A password has ${least}`);
  }
  if (Buffer.byteLength(password) > PASSWORD_BYTES) {
    return problem('it has to be at most 4096 bytes', 'A password has at most 4096 bytes');
  }
  if (!CONTROL_CHARACTER.test(password)) return [];
  return problem('it must not have control characters', 'A password cannot have control characters, such as tabs');
}

/** Whether this can be the address of an account. */
export function isEmail(address: string): boolean {
  return email.safeParse(address).success;
}

function problemOfEmail(address: string, field = 'email'): Problem[] {
  if (isEmail(address)) return [];
  return [{ field, message: 'An email address looks like me@example.com', said: 'Wrong email format' }];
}

/** @throws AppError `invalid` in the Hub's words of the first problem, with all of them as fields */
function refuse(problems: readonly Problem[]): void {
  const [first] = problems;
  if (first === undefined) return;
  throw new AppError('invalid', first.said, { fields: problems.map(({ field, message }) => ({ field, message })) });
}

/** What is wrong with the name, the password and the address of a new account, in the order of protocol 2.2, step 4. */
export function userProblems(
  user: { username: string; password: string | undefined; email?: string | undefined },
  hubLimits: boolean,
): readonly Problem[] {
  return [
    ...problemOfUsername(user.username, hubLimits),
    ...(user.password === undefined ? [] : problemOfPassword(user.password)),
    ...(user.email === undefined ? [] : problemOfEmail(user.email)),
  ];
}

/** @throws AppError `invalid` in the Hub's words, with each wrong field */
export function assertUserFormats(user: Parameters<typeof userProblems>[0], hubLimits: boolean): void {
  refuse(userProblems(user, hubLimits));
}

/** @throws AppError `invalid` in the Hub's words, with the rule that applies here */
export function assertUsername(username: string, hubLimits = false): void {
  refuse(problemOfUsername(username, hubLimits));
}

/** @throws AppError `invalid` */
export function assertOrganizationName(name: string, hubLimits = false): void {
  if (isNamespace(name, hubLimits)) return;
  const rule = hubLimits ? 'it must have 4 to 30 lowercase letters, digits or "_"' : NAMESPACE_RULE;
  throw fieldError('invalid', 'name', `${name} is not a valid organization name: ${rule}`);
}

/** @throws AppError `invalid` for fewer than 5 characters, more than 4096 bytes, or control characters */
export function assertPassword(password: string): void {
  refuse(problemOfPassword(password));
}

/**
 * @param field - the name that the API has for it
 * @throws AppError `invalid`
 */
export function assertEmail(address: string, field = 'email'): void {
  refuse(problemOfEmail(address, field));
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
