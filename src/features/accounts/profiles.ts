import { createHash } from 'node:crypto';
import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import type { Actor } from '../access/actor';
import { recordEvent } from '../audit/audit';
import { authorizeAccount } from './own-account';
import * as store from './profiles.store';
import { assertEmail, normalizeUsername, noSuchUser } from './account-rules';

/** What a user says about themselves; every field may be empty. */
export interface ProfileFields {
  readonly fullName: string;
  readonly location: string;
  readonly company: string;
  readonly profileUrl: string;
  readonly gravatarEmail: string;
}

/** An account as its owner sees it (protocol 6.1). */
export interface Profile extends ProfileFields {
  readonly id: number;
  readonly username: string;
  readonly createdAt: Date;
  readonly isActive: boolean;
  /** the primary address */
  readonly email: string | undefined;
  /** the URL of the picture at Gravatar; empty without an address */
  readonly gravatarUrl: string;
}

/**
 * The URL of a picture at Gravatar, as on the Hub: 80 pixels, rated G, and a silhouette for users without a picture.
 */
export function gravatarUrl(address: string): string {
  if (address === '') return '';
  const digest = createHash('md5').update(address.trim().toLowerCase()).digest('hex');
  return `https://secure.gravatar.com/avatar/${digest}.jpg?s=80&r=g&d=mm`;
}

function toProfile(row: store.ProfileRow): Profile {
  return {
    id: row.id,
    username: row.username,
    createdAt: row.created_at,
    isActive: row.is_active,
    email: row.email ?? undefined,
    fullName: row.full_name,
    location: row.location,
    company: row.company,
    profileUrl: row.profile_url,
    gravatarEmail: row.gravatar_email,
    gravatarUrl: gravatarUrl(row.gravatar_email === '' ? (row.email ?? '') : row.gravatar_email),
  };
}

/**
 * A profile, for its owner and for administrators.
 *
 * @throws AppError as `authorizeAccount`
 */
export async function getOwnProfile(ctx: Needs<'db'>, actor: Actor, username: string): Promise<Profile> {
  return getProfile(ctx, (await authorizeAccount(ctx, actor, username, 'profile')).username);
}

/**
 * A profile. The page that shows it decides which fields are public; the address never is.
 *
 * @throws AppError `not_found`
 */
export async function getProfile(ctx: Needs<'db'>, username: string): Promise<Profile> {
  return profileOf(await store.find(ctx.db, normalizeUsername(username)), username);
}

function profileOf(row: store.ProfileRow | undefined, username: string): Profile {
  if (row === undefined) throw noSuchUser(username);
  return toProfile(row);
}

/** @throws AppError `invalid` */
export function assertProfileFields({ profileUrl, gravatarEmail }: Partial<ProfileFields>): void {
  if (gravatarEmail !== undefined && gravatarEmail !== '') assertEmail(gravatarEmail, 'gravatar_email');
  if (profileUrl === undefined || profileUrl === '') return;
  // It becomes a link on a page: `javascript:` is a URL too.
  const { protocol } = URL.canParse(profileUrl) ? new URL(profileUrl) : { protocol: '' };
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw new AppError('invalid', 'Wrong profile_url format (it has to be an http or https URL)', {
      fields: [{ field: 'profile_url', message: 'The address of a website begins with http:// or https://' }],
    });
  }
}

/**
 * Changes the given fields of a profile, for its owner and for administrators.
 *
 * @param assertCurrent - throws if the current profile must not be changed
 * @returns the profile after the change
 * @throws AppError `invalid`, what `assertCurrent` throws, and those of `authorizeAccount`
 */
export async function updateProfile(
  ctx: Needs<'db'>,
  actor: Actor,
  name: string,
  changes: { readonly [K in keyof ProfileFields]?: string | undefined },
  assertCurrent: (profile: Profile) => void = () => undefined,
): Promise<Profile> {
  const { username, doer } = await authorizeAccount(ctx, actor, name, 'profile');
  const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
  assertProfileFields(given);
  return inTransaction(ctx.db, async (tx) => {
    const before = profileOf(await store.lock(tx, username), username);
    assertCurrent(before);
    const after = { ...before, ...given };
    await store.update(tx, before.id, {
      full_name: after.fullName,
      location: after.location,
      company: after.company,
      profile_url: after.profileUrl,
      gravatar_email: after.gravatarEmail,
    });
    const fields = Object.keys(given).join(',');
    await recordEvent(tx, doer, { action: 'user.profile_changed', subject: before.username, details: { fields } });
    return getProfile({ db: tx }, before.username);
  });
}
