import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import { recordEvent } from '../audit/audit';
import type { Actor } from '../access/actor';
import { doerOf } from '../access/doer';
import { assertProfileFields, gravatarUrl, type ProfileFields } from '../accounts/profiles';
import * as store from './organization-profiles.store';
import { getMembersOrganization, getOwnersOrganization } from './namespace-access';

/** What an organization says about itself; every field may be empty. */
export interface OrganizationProfile extends ProfileFields {
  readonly name: string;
  readonly createdAt: Date;
  /** the URL of the picture at Gravatar; empty without an address */
  readonly gravatarUrl: string;
}

function profileOf(row: store.OrganizationProfileRow | undefined, name: string): OrganizationProfile {
  if (row === undefined) throw new AppError('not_found', `No such organization: ${name}`);
  return {
    name: row.name,
    createdAt: row.created_at,
    fullName: row.full_name,
    location: row.location,
    company: row.company,
    profileUrl: row.profile_url,
    gravatarEmail: row.gravatar_email,
    gravatarUrl: gravatarUrl(row.gravatar_email),
  };
}

/**
 * An organization, for its members.
 *
 * @throws AppError `not_found`, `forbidden`, `unauthenticated`, `inactive`
 */
export async function getOrganization(ctx: Needs<'db'>, actor: Actor, name: string): Promise<OrganizationProfile> {
  const { namespace } = await getMembersOrganization(ctx, actor, name);
  return profileOf(await store.find(ctx.db, namespace), name);
}

/**
 * Changes the given fields of an organization's profile, for its owners.
 *
 * @param assertCurrent - throws if the current profile must not be changed
 * @returns the profile after the change
 * @throws AppError `invalid`, `not_found`, `forbidden`, `unauthenticated`, `inactive`, and what `assertCurrent` throws
 */
export async function updateOrganization(
  ctx: Needs<'db'>,
  actor: Actor,
  name: string,
  changes: { readonly [K in keyof ProfileFields]?: string | undefined },
  assertCurrent: (profile: OrganizationProfile) => void = () => undefined,
): Promise<OrganizationProfile> {
  const { principal, namespace } = await getOwnersOrganization(ctx, actor, name);
  const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
  assertProfileFields(given);
  return inTransaction(ctx.db, async (tx) => {
    const before = profileOf(await store.lock(tx, namespace), name);
    assertCurrent(before);
    const after = { ...before, ...given };
    await store.update(tx, {
      name: namespace,
      full_name: after.fullName,
      location: after.location,
      company: after.company,
      profile_url: after.profileUrl,
      gravatar_email: after.gravatarEmail,
    });
    const details = { fields: Object.keys(given).join(',') };
    const doer = doerOf(actor, principal);
    await recordEvent(tx, doer, { action: 'namespace.settings_changed', subject: namespace, details });
    return profileOf(await store.find(tx, namespace), name);
  });
}
