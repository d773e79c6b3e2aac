import type { Needs } from '../../context';
import type { Db } from '../../platform/db/db';
import type { Doer } from '../audit/audit';
import { setAdministratorOf } from '../namespaces/group-administrators';
import { followTeamGroups, groupsOfTeams } from '../namespaces/team-group-members';
import type { ProviderUser } from './claims';
import { setMadeAdmin, type IdentityRow } from './identities.store';

/**
 * A user with only the groups that mean something here: those of a team, and the group of administrators. A user may be
 * in many hundreds, too many for the form in which they travel.
 */
export async function withKnownGroups(ctx: Needs<'db' | 'settings'>, user: ProviderUser): Promise<ProviderUser> {
  if (user.groups === undefined) return user;
  const known = new Set(await groupsOfTeams(ctx, user.groups));
  const { adminGroup } = ctx.settings.openId ?? {};
  return { ...user, groups: user.groups.filter((group) => known.has(group) || group === adminGroup) };
}

/** What signs in: the identity with its account. */
type SigningIn = Pick<IdentityRow, 'id' | 'user_id' | 'username' | 'made_admin'> & { readonly doer: Doer };

/**
 * Makes the teams of an account, and whether it is an administrator, follow the groups that the provider says. Only what
 * a group gave before is taken away. Without word about the groups nothing changes.
 *
 * @param tx - the transaction of the sign-in
 */
export async function followGroups(
  { settings, log }: Needs<'settings' | 'log'>,
  tx: Db,
  { id, user_id: userId, username, made_admin: madeAdmin, doer }: SigningIn,
  { groups }: Pick<ProviderUser, 'groups'>,
): Promise<void> {
  if (groups === undefined) {
    log.warn(
      { user: username },
      'the OpenID provider did not send all groups of a user, or more than 2000: their teams stay as they were',
    );
    return;
  }
  const group = settings.openId?.adminGroup;
  if (group !== undefined) {
    const wanted = { isIn: groups.includes(group), wasMade: madeAdmin, group };
    const isMade = await setAdministratorOf(tx, { userId, username }, wanted, doer);
    if (isMade !== madeAdmin) await setMadeAdmin(tx, id, isMade);
  }
  await followTeamGroups(tx, { userId, username }, groups, doer);
}

/**
 * Takes away what the groups gave an account whose sign-in is unlinked: its teams, and that it is an administrator. The
 * last owner of an organization and the last administrator stay.
 *
 * @param tx - the transaction that unlinks; it has locked the account with `lockAccounts`
 */
export async function leaveGroups(
  { settings }: Needs<'settings'>,
  tx: Db,
  { user_id: userId, username, made_admin: madeAdmin, doer }: SigningIn,
): Promise<void> {
  const wanted = { isIn: false, wasMade: madeAdmin, group: settings.openId?.adminGroup };
  await setAdministratorOf(tx, { userId, username }, wanted, doer);
  await followTeamGroups(tx, { userId, username }, [], doer);
}
