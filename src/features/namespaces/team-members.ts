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
import { getMembersOrganization, type NamespaceAccess } from './namespace-access';
import { getOwnedTeam, getTeam, showTeam, type TeamPlace } from './teams';
import * as store from './teams.store';
import { noSuchUser } from '../accounts/account-rules';

/*
 * The members of the teams of an organization. The members of the owners team own the organization, so changing them
 * needs the password, see `guarded-actions.ts`. Users join by accepting an invitation (`invitations.ts`). Site
 * administrators and the operator can add them without an invitation, and owners can add robots.
 */

/** A member of a team. */
export interface TeamMember {
  readonly username: string;
  readonly isRobot: boolean;
  readonly since: Date;
  /** the group of the provider that is the reason; undefined: a person added them */
  readonly group: string | undefined;
}

/** The members of a team, for members of its organization; throws as `showTeam`. */
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
    group: row.from_group ?? undefined,
  }));
  return { total, members };
}

/**
 * Adds a member without an invitation. Owners may add robots of the organization; site administrators and the operator
 * may add anyone.
 *
 * @returns false when they are a member already
 * @throws AppError `forbidden` for a person, who must be invited, `not_found`, `conflict` for a robot among owners or
 *   of another organization, `unauthenticated`, `inactive`
 */
export async function addMember(ctx: Needs<'db'>, actor: Actor, place: TeamPlace, username: string): Promise<boolean> {
  const { team, principal } = await getOwnedTeam(ctx, actor, place);
  const user = await getUser(ctx, username);
  if (user.robotOf === undefined && !principal.isAdmin) {
    throw new AppError('forbidden', `${user.username} is not a robot: send an invitation instead`);
  }
  if (user.robotOf !== undefined && (team.isOwners || user.robotOf !== team.organization)) {
    throw new AppError('conflict', `The robot ${user.username} cannot be in ${team.organization}/${team.name}`);
  }
  const member = { userId: user.id, username: user.username };
  return inTransaction(ctx.db, (tx) => join(tx, team, member, doerOf(actor, principal)));
}

/** Adds the account to the team, and records it in the audit log; false when it is a member already. */
export async function join(
  tx: Needs<'db'>['db'],
  team: { id: number; organization: string; name: string },
  member: { userId: number; username: string },
  doer: Doer,
): Promise<boolean> {
  // Whether an account may be deleted or deactivated depends on what it owns; see `accounts/locks.ts`.
  if ((await lockAccount(tx, member.userId)) === undefined) {
    throw noSuchUser(member.username);
  }
  if (!(await store.insertMember(tx, team.id, member.userId))) return false;
  const subject = `${team.organization}/${team.name}`;
  await recordEvent(tx, doer, { action: 'team.member_added', subject, details: { member: member.username } });
  return true;
}

/** Members may leave, with credentials for everything; owners may remove others. */
function assertMayRemove({ principal, canManage, namespace }: NamespaceAccess, username: string): void {
  const isLeaving = principal.username === username && canActForAccount(principal);
  if (canManage || isLeaving) return;
  throw new AppError('forbidden', `Only owners of ${namespace} can do this`);
}

/**
 * Removes a member from a team. Everyone may leave, except the last owner.
 *
 * @throws AppError `not_found`, `conflict` for the last owner, `forbidden`, `unauthenticated`, `inactive`, and those of
 *   `assertConfirmed` for another owner
 */
export async function removeMember(ctx: Needs<'db'>, actor: Actor, place: TeamPlace, username: string): Promise<void> {
  const access = await getMembersOrganization(ctx, actor, place.organization);
  const user = await getUser(ctx, username);
  assertMayRemove(access, user.username);
  const team = await getTeam(ctx, access.namespace, place.team);
  if (team.isOwners && user.username !== access.principal.username) assertConfirmed(actor);
  const doer = doerOf(actor, access.principal);
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
    const subject = `${team.organization}/${team.name}`;
    await recordEvent(tx, doer, { action: 'team.member_removed', subject, details: { member: user.username } });
  });
}
