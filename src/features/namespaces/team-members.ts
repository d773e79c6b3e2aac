import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import type { Range } from '../../platform/db/query';
import { AppError } from '../../platform/errors';
import { recordEvent, type Doer } from '../audit/audit';
import type { Actor } from '../access/actor';
import { assertConfirmed } from '../access/current-account';
import { doerOf } from '../access/doer';
import { endUnbacked } from '../accounts/endings';
import { canActForAccount } from '../access/policy';
import { lockAccount } from '../accounts/locks';
import { getUser } from '../accounts/users';
import { findOrphanedBy } from './owners.store';
import { getMembersOrganization, getOwnersOrganization, type NamespaceScope } from './scope';
import { getTeam, showTeam, type TeamPlace } from './teams';
import * as store from './teams.store';

/*
 * Who is in the teams of an organization. People come in by accepting an invitation (`invitations.ts`); an administrator
 * of the site, and an operator, adds them without asking, and so do owners add robots.
 */

/** Somebody in a team. */
export interface TeamMember {
  readonly username: string;
  readonly isRobot: boolean;
  readonly since: Date;
}

/** Who is in a team, for members of its organization; throws as `showTeam`. */
export async function listMembers(
  ctx: Needs<'db'>,
  actor: Actor,
  place: TeamPlace,
  range: Range,
): Promise<{ total: number; members: TeamMember[] }> {
  const { id } = await showTeam(ctx, actor, place);
  const { total, rows } = await store.listMembers(ctx.db, id, range);
  const members = rows.map((row) => ({
    username: row.username,
    isRobot: row.robot_of !== null,
    since: row.created_at,
  }));
  return { total, members };
}

/**
 * Who is among the owners decides whose the organization is: that takes the password, as `guarded-actions.ts` says.
 *
 * @throws AppError `not_found`, and those of `assertConfirmed`
 */
async function assertMayChangeOwners(ctx: Needs<'db'>, actor: Actor, place: TeamPlace): Promise<void> {
  if ((await getTeam(ctx, place.organization, place.team)).isOwners) assertConfirmed(actor);
}

/**
 * Adds a member without asking him. Owners may do so with robots of the organization, administrators of the site with
 * anybody.
 *
 * @returns false when he is a member already
 * @throws AppError `forbidden` for a person, who must be invited, `not_found`, `conflict` for a robot among owners or of
 *   another organization, `unauthenticated`, `inactive`
 */
export async function addMember(ctx: Needs<'db'>, actor: Actor, place: TeamPlace, username: string): Promise<boolean> {
  const scope = await getOwnersOrganization(ctx, actor, place.organization);
  await assertMayChangeOwners(ctx, actor, place);
  const user = await getUser(ctx, username);
  if (user.robotOf === undefined && !scope.account.isAdmin) {
    throw new AppError('forbidden', `${user.username} is not a robot: send an invitation instead`);
  }
  return addMemberAs(ctx, place, username, doerOf(actor, scope.account));
}

/** As `addMember`, on an operator's behalf. */
export async function addMemberAs(ctx: Needs<'db'>, place: TeamPlace, username: string, doer: Doer): Promise<boolean> {
  const team = await getTeam(ctx, place.organization, place.team);
  const user = await getUser(ctx, username);
  if (user.robotOf !== undefined && (team.isOwners || user.robotOf !== team.organization)) {
    throw new AppError('conflict', `The robot ${user.username} cannot be in ${team.organization}/${team.name}`);
  }
  return inTransaction(ctx.db, (tx) => join(tx, team, { userId: user.id, username: user.username }, doer));
}

/** Makes the account a member, and says so in the log; false when it is one already. */
export async function join(
  tx: Needs<'db'>['db'],
  team: { id: number; organization: string; name: string },
  member: { userId: number; username: string },
  doer: Doer,
): Promise<boolean> {
  // Whether the account may go, or be deactivated, depends on what it owns; see `accounts/locks.ts`.
  if ((await lockAccount(tx, member.userId)) === undefined) {
    throw new AppError('not_found', `No such user: ${member.username}`);
  }
  if (!(await store.insertMember(tx, team.id, member.userId))) return false;
  const subject = `${team.organization}/${team.name}`;
  await recordEvent(tx, doer, { action: 'team.member_added', subject, details: { member: member.username } });
  return true;
}

/** Members leave by themselves, with credentials for everything; others are removed by owners. */
function assertMayRemove(scope: NamespaceScope, username: string): void {
  const isLeaving = scope.account.username === username && canActForAccount(scope.account);
  if (scope.canManage || isLeaving) return;
  throw new AppError('forbidden', `Only owners of ${scope.namespace} can do this`);
}

/**
 * Removes a member from a team. Everybody may leave; but the last owner cannot.
 *
 * @throws AppError `not_found`, `conflict` for the last owner, `forbidden`, `unauthenticated`, `inactive`
 */
export async function removeMember(ctx: Needs<'db'>, actor: Actor, place: TeamPlace, username: string): Promise<void> {
  const scope = await getMembersOrganization(ctx, actor, place.organization);
  const user = await getUser(ctx, username);
  assertMayRemove(scope, user.username);
  if (user.username !== scope.account.username) await assertMayChangeOwners(ctx, actor, place);
  await removeMemberAs(ctx, place, user.username, doerOf(actor, scope.account));
}

/** As `removeMember`, on an operator's behalf. */
export async function removeMemberAs(ctx: Needs<'db'>, place: TeamPlace, username: string, doer: Doer): Promise<void> {
  const team = await getTeam(ctx, place.organization, place.team);
  const user = await getUser(ctx, username);
  await inTransaction(ctx.db, async (tx) => {
    await lockAccount(tx, user.id);
    await store.lockTeam(tx, team.id);
    if (team.isOwners && (await findOrphanedBy(tx, user.id)).includes(team.organization)) {
      throw new AppError('conflict', 'The last owner cannot leave: add another active owner first');
    }
    if (!(await store.deleteMember(tx, team.id, user.id))) {
      throw new AppError('not_found', `${user.username} is not a member of ${place.organization}/${place.team}`);
    }
    await endUnbacked(tx, doer, { userIds: [user.id] });
    const subject = `${place.organization}/${place.team}`;
    await recordEvent(tx, doer, { action: 'team.member_removed', subject, details: { member: user.username } });
  });
}
