import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { isUniqueViolation } from '../../platform/db/sqlstate';
import { AppError } from '../../platform/errors';
import { recordEvent, type Doer } from '../audit/audit';
import type { Actor } from '../accounts/actor';
import { doerOf } from '../accounts/doer';
import { getUser } from '../accounts/users';
import { getMembersOrganization, getOwnersOrganization, type NamespaceScope } from './scope';
import * as store from './teams.store';

/*
 * Teams of an organization. Members of `owners` own it; members of another team may do with its repositories what was
 * given to the team (`repositories/team-access.ts`). People come in by accepting an invitation (`invitations.ts`); an
 * administrator of the site, and an operator, adds them without asking, and so do owners add robots.
 */

/** A team, as members of its organization see it. */
export interface Team {
  readonly id: number;
  readonly organization: string;
  readonly name: string;
  /** its members own the organization */
  readonly isOwners: boolean;
  readonly description: string;
  readonly memberCount: number;
}

export interface TeamMember {
  readonly username: string;
  readonly isRobot: boolean;
  readonly since: Date;
}

const TEAM = /^[a-z0-9_-]{1,30}$/;
const DESCRIPTION_LIMIT = 255;

function fromRow(row: store.TeamRow): Team {
  return {
    id: row.id,
    organization: row.namespace,
    name: row.name,
    isOwners: row.is_owners,
    description: row.description,
    memberCount: row.member_count,
  };
}

/** @throws AppError `not_found` */
export async function getTeam(ctx: Needs<'db'>, organization: string, name: string): Promise<Team> {
  const row = await store.findTeam(ctx.db, organization, name);
  if (row === undefined) throw new AppError('not_found', `No such team: ${organization}/${name}`);
  return fromRow(row);
}

/**
 * The teams of an organization, for its members.
 *
 * @throws AppError `not_found`, `forbidden`, `unauthenticated`, `inactive`
 */
export async function listTeams(ctx: Needs<'db'>, actor: Actor, organization: string): Promise<Team[]> {
  const { namespace } = await getMembersOrganization(ctx, actor, organization);
  return (await store.listTeams(ctx.db, namespace)).map(fromRow);
}

/** The teams of an organization, on an operator's behalf. */
export async function listTeamsAs(ctx: Needs<'db'>, organization: string): Promise<Team[]> {
  return (await store.listTeams(ctx.db, organization)).map(fromRow);
}

/**
 * A team and who is in it, for members of the organization.
 *
 * @throws AppError `not_found`, `forbidden`, `unauthenticated`, `inactive`
 */
export async function getTeamWithMembers(
  ctx: Needs<'db'>,
  actor: Actor,
  organization: string,
  name: string,
): Promise<{ team: Team; members: TeamMember[] }> {
  const { namespace } = await getMembersOrganization(ctx, actor, organization);
  const team = await getTeam(ctx, namespace, name);
  const rows = await store.listMembers(ctx.db, team.id);
  const members = rows.map((row) => ({
    username: row.username,
    isRobot: row.robot_of !== null,
    since: row.created_at,
  }));
  return { team, members };
}

/**
 * Makes a team, or changes the description of the one of this name.
 *
 * @returns whether it was made
 * @throws AppError `invalid`, `not_found`, `forbidden`, `unauthenticated`, `inactive`
 */
export async function putTeam(
  ctx: Needs<'db'>,
  actor: Actor,
  organization: string,
  team: { name: string; description: string },
): Promise<boolean> {
  const { namespace, account } = await getOwnersOrganization(ctx, actor, organization);
  return putTeamAs(ctx, namespace, team, doerOf(actor, account));
}

/** As `putTeam`, on an operator's behalf. */
export async function putTeamAs(
  ctx: Needs<'db'>,
  organization: string,
  { name, description }: { name: string; description: string },
  doer: Doer,
): Promise<boolean> {
  if (!TEAM.test(name)) throw new AppError('invalid', `A team's name has to match "${TEAM.source}"`);
  if ([...description].length > DESCRIPTION_LIMIT || description.includes('\0')) {
    throw new AppError('invalid', `A team's description has at most ${DESCRIPTION_LIMIT} characters`);
  }
  try {
    return await inTransaction(ctx.db, async (tx) => {
      const known = await store.findTeam(tx, organization, name);
      if (known !== undefined) {
        await store.updateDescription(tx, known.id, description);
        return false;
      }
      await store.insertTeam(tx, { namespace: organization, name, isOwners: false, description });
      await recordEvent(tx, doer, { action: 'team.created', subject: `${organization}/${name}` });
      return true;
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new AppError('conflict', `The team ${name} was made in this moment`, { cause: error });
  }
}

/**
 * Deletes a team; what was given to it is taken from its members.
 *
 * @throws AppError `not_found`, `conflict` for the owners, `forbidden`, `unauthenticated`, `inactive`
 */
export async function deleteTeam(ctx: Needs<'db'>, actor: Actor, organization: string, name: string): Promise<void> {
  const { namespace, account } = await getOwnersOrganization(ctx, actor, organization);
  await deleteTeamAs(ctx, namespace, name, doerOf(actor, account));
}

/** As `deleteTeam`, on an operator's behalf. */
export async function deleteTeamAs(ctx: Needs<'db'>, organization: string, name: string, doer: Doer): Promise<void> {
  const team = await getTeam(ctx, organization, name);
  if (team.isOwners) throw new AppError('conflict', 'An organization cannot be without owners');
  await inTransaction(ctx.db, async (tx) => {
    if (!(await store.deleteTeam(tx, team.id))) return;
    await recordEvent(tx, doer, { action: 'team.deleted', subject: `${organization}/${name}` });
  });
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
  const user = await getUser(ctx, username);
  if (user.robotOf === undefined && !scope.account.isAdmin) {
    throw new AppError('forbidden', `${user.username} has to be invited`);
  }
  return addMemberAs(ctx, place, username, doerOf(actor, scope.account));
}

export interface TeamPlace {
  readonly organization: string;
  readonly team: string;
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
  if (!(await store.insertMember(tx, team.id, member.userId))) return false;
  const subject = `${team.organization}/${team.name}`;
  await recordEvent(tx, doer, { action: 'team.member_added', subject, details: { member: member.username } });
  return true;
}

/** Members leave by themselves; others are removed by owners. */
function assertMayRemove(scope: NamespaceScope, username: string): void {
  if (scope.canManage || scope.account.username === username) return;
  throw new AppError('forbidden', `Only owners of ${scope.namespace} may do this`);
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
  await removeMemberAs(ctx, place, user.username, doerOf(actor, scope.account));
}

/** As `removeMember`, on an operator's behalf. */
export async function removeMemberAs(ctx: Needs<'db'>, place: TeamPlace, username: string, doer: Doer): Promise<void> {
  const team = await getTeam(ctx, place.organization, place.team);
  const user = await getUser(ctx, username);
  await inTransaction(ctx.db, async (tx) => {
    await store.lockTeam(tx, team.id);
    const members = await store.listMembers(tx, team.id);
    if (!members.some((member) => member.user_id === user.id)) {
      throw new AppError('not_found', `${user.username} is no member of ${place.organization}/${place.team}`);
    }
    if (team.isOwners && members.length === 1) throw new AppError('conflict', 'The last owner cannot leave');
    await store.deleteMember(tx, team.id, user.id);
    const subject = `${place.organization}/${place.team}`;
    await recordEvent(tx, doer, { action: 'team.member_removed', subject, details: { member: user.username } });
  });
}
