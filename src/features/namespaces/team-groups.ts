import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { AppError, fieldError } from '../../platform/errors';
import { recordEvent } from '../audit/audit';
import type { Actor } from '../access/actor';
import { doerOf } from '../access/doer';
import { lockAccount } from '../accounts/locks';
import { leave } from './team-group-members';
import * as store from './team-groups.store';
import { getOwnedTeam, showTeam, type Team, type TeamPlace } from './teams';
import { lockTeam } from './teams.store';

/*
 * The groups of the OpenID provider whose members are in a team. Members follow at their next sign-in, see
 * `team-group-members.ts`. A group brings users into the team whom nobody has asked, and shows who is in it. So only site
 * administrators and the operator name one, as only they add members without an invitation; owners of the organization
 * see the groups and remove them. Who is in the owners team owns the organization, so changing its groups needs the
 * password, as changing its members does.
 */

/** A group whose members are in a team. */
export interface TeamGroup {
  readonly name: string;
  readonly since: Date;
}

/** A group that the provider gives a longer name cannot be one of a team. */
export const GROUP_CHARACTERS = 255;
const MOST_GROUPS = 50;

// eslint-disable-next-line no-control-regex
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f]/;

/** @throws AppError `invalid` */
function assertGroup(name: string): void {
  if (name !== '' && name.length <= GROUP_CHARACTERS && !CONTROL_CHARACTER.test(name)) return;
  throw fieldError('invalid', 'group', `The name of a group has 1 to ${GROUP_CHARACTERS} characters, on one line`);
}

/** The groups of a team by name, for members of its organization; throws as `showTeam`. */
export async function listTeamGroups(ctx: Needs<'db'>, actor: Actor, place: TeamPlace): Promise<TeamGroup[]> {
  const team = await showTeam(ctx, actor, place);
  const rows = await store.listGroups(ctx.db, team.id);
  return rows.map(({ group_name: name, created_at: since }) => ({ name, since }));
}

const subjectOf = ({ organization, name }: Team): string => `${organization}/${name}`;

/**
 * Has the members of a group join a team, for site administrators and the operator.
 *
 * @param group - exactly as the provider names it
 * @returns false when the team has the group already
 * @throws AppError `invalid`; `conflict` when the team has too many; `not_found`, `forbidden`, `unauthenticated`,
 *   `inactive`, and for the owners team those of `assertConfirmed`
 */
export async function addTeamGroup(ctx: Needs<'db'>, actor: Actor, place: TeamPlace, group: string): Promise<boolean> {
  const { team, principal } = await getOwnedTeam(ctx, actor, place);
  if (!principal.isAdmin) {
    const message =
      'Only site administrators can add a group of the provider to a team: ask the people who run the server';
    throw new AppError('forbidden', message);
  }
  assertGroup(group);
  return inTransaction(ctx.db, async (tx) => {
    await lockTeam(tx, team.id);
    const groups = await store.listGroups(tx, team.id);
    if (groups.some(({ group_name: name }) => name === group)) return false;
    if (groups.length >= MOST_GROUPS) {
      throw new AppError('conflict', `A team can have at most ${MOST_GROUPS} groups: remove one first`);
    }
    await store.insertGroup(tx, team.id, group);
    const event = { action: 'team.group_mapped', subject: subjectOf(team), details: { group } } as const;
    await recordEvent(tx, doerOf(actor, principal), event);
    return true;
  });
}

/**
 * Takes a group from a team, for owners. Members who are in the team only because of it leave at once, except the last
 * owner; if another group of theirs is one of the team, they join again when they sign in.
 *
 * @throws AppError `not_found` when the team does not have the group; otherwise as `addTeamGroup`
 */
export async function removeTeamGroup(ctx: Needs<'db'>, actor: Actor, place: TeamPlace, group: string): Promise<void> {
  const { team, principal } = await getOwnedTeam(ctx, actor, place);
  const [subject, doer] = [subjectOf(team), doerOf(actor, principal)];
  await inTransaction(ctx.db, async (tx) => {
    const members = await store.listMembersFrom(tx, team.id, group);
    for (const { user_id: userId } of members) await lockAccount(tx, userId);
    await lockTeam(tx, team.id);
    if (!(await store.deleteGroup(tx, team.id, group))) {
      throw new AppError('not_found', `${subject} does not have the group ${group}`);
    }
    await recordEvent(tx, doer, { action: 'team.group_unmapped', subject, details: { group } });
    const left = { id: team.id, namespace: team.organization, name: team.name, is_owners: team.isOwners };
    for (const { user_id: userId, username } of members) {
      await leave(tx, { userId, username }, { team: left, group }, doer);
    }
  });
}
