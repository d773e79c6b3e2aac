import { AppError } from '../../platform/errors';
import type { Claims } from '../../platform/openid/openid-provider';
import type { OpenIdSettings } from '../../context';
import { isEmail } from '../accounts/account-rules';
import { GROUP_CHARACTERS } from '../namespaces/team-groups';

/** A user of the provider, as far as we use what it says. */
export interface ProviderUser {
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | undefined;
  /** the provider has checked that the address is theirs */
  readonly isEmailVerified: boolean;
  /** what the provider calls them; a proposal for a username, with any characters */
  readonly calledName: string;
  /** undefined: the provider did not send all of them, or too many, so nothing is known */
  readonly groups: readonly string[] | undefined;
  /** when they logged in at the provider, in seconds of its clock; undefined: it does not say */
  readonly authenticatedAt: number | undefined;
}

const LONGEST_SUBJECT = 255;
const RECENT_SECONDS = 600;
const MOST_GROUPS = 2000;

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && !value.includes('\0') ? value : undefined;
}

function emailOf(value: unknown): string | undefined {
  const address = textOf(value);
  return address !== undefined && isEmail(address) ? address : undefined;
}

/** The claim of this name, or the one to which its parts lead. */
function claimAt(claims: Claims, path: string): unknown {
  if (path in claims) return claims[path];
  let found: unknown = claims;
  for (const part of path.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, part)) return undefined;
    found = (found as Readonly<Record<string, unknown>>)[part];
  }
  return found;
}

/** Providers replace a long claim by a hint where to ask for it (OpenID Connect Core 1.0, 5.6.2). */
function isElsewhere(claims: Claims, name: string): boolean {
  const names = claims['_claim_names'];
  return typeof names === 'object' && names !== null && Object.hasOwn(names, name);
}

/**
 * Without the claim, the user is in no group: some providers leave it out then, and a user who has left their last group
 * must lose what it gave. Of too many groups none are read, because a user must not lose what is at the end of the list.
 */
function groupsOf(claims: Claims, path: string): readonly string[] | undefined {
  const value = claimAt(claims, path);
  if (value === undefined && isElsewhere(claims, path)) return undefined;
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (values.length > MOST_GROUPS) return undefined;
  const names = values.map(textOf).filter((name) => name !== undefined && name.length <= GROUP_CHARACTERS);
  return [...new Set(names as string[])];
}

/** Whether the user logged in at the provider in the last ten minutes; undefined: it does not say. */
export function isRecentLogin({ authenticatedAt: at }: Pick<ProviderUser, 'authenticatedAt'>): boolean | undefined {
  return at === undefined ? undefined : Date.now() / 1000 - at < RECENT_SECONDS;
}

/**
 * Reads what the provider says about a user.
 *
 * @throws AppError `invalid` when it names the user in a way that we cannot keep
 */
export function readClaims(claims: Claims, settings: OpenIdSettings): ProviderUser {
  const { iss: issuer, sub: subject } = claims;
  if (textOf(subject) === undefined || subject.length > LONGEST_SUBJECT) {
    throw new AppError('invalid', `${settings.name} does not name its users as OpenID Connect requires`);
  }
  const email = emailOf(claims['email']);
  const { auth_time: at, email_verified: isVerified } = claims;
  return {
    issuer,
    subject,
    email,
    isEmailVerified: email !== undefined && (isVerified === true || isVerified === 'true'),
    calledName: (textOf(claimAt(claims, settings.usernameClaim)) ?? email ?? '').slice(0, 255),
    groups: groupsOf(claims, settings.groupsClaim),
    authenticatedAt: typeof at === 'number' ? at : undefined,
  };
}
