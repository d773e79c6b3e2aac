import type { Needs } from '../../context';
import type { Db } from '../../platform/db/db';
import { recordEvent, type Doer } from '../audit/audit';
import { noSuchUser } from '../accounts/account-rules';
import { endUnbacked } from '../accounts/endings';
import { lockAccount } from '../accounts/locks';
import { findOrphanedBy } from './owners.store';
import * as store from './team-groups.store';
import { lockTeam } from './teams.store';

/*
 * Members that a team has because they are in a group of the provider that users sign in with. They join and leave when
 * they sign in. A membership that a person made stays, whatever the groups are.
 */

/** Those of the groups that are one of any team. */
export async function groupsOfTeams(ctx: Needs<'db'>, groups: readonly string[]): Promise<string[]> {
  return store.listKnownGroups(ctx.db, groups);
}

interface Joining {
  readonly userId: number;
  readonly username: string;
}

/**
 * Adds an account to the teams of its groups, and removes it from the teams that it was in only because of a group.
 * The last owner of an organization stays.
 *
 * @param tx - the transaction of the sign-in
 * @throws AppError `not_found` when the account is gone
 */
export async function followTeamGroups(tx: Db, user: Joining, groups: readonly string[], doer: Doer): Promise<void> {
  if ((await lockAccount(tx, user.userId)) === undefined) throw noSuchUser(user.username);
  for (const { wanted, from_group: group, ...team } of await store.listDue(tx, user.userId, groups)) {
    // The groups of the team, and the reason for the membership, may have changed until now: each statement checks them.
    await lockTeam(tx, team.id);
    if (wanted === null) await leave(tx, user, { team, group: group ?? '' }, doer);
    else if (group === null) await enter(tx, user, { team, group: wanted }, doer);
    else await store.setFromGroup(tx, { teamId: team.id, userId: user.userId, group: wanted });
  }
}

interface Reason {
  readonly team: Pick<store.DueTeam, 'id' | 'namespace' | 'name' | 'is_owners'>;
  readonly group: string;
}

async function enter(tx: Db, user: Joining, { team, group }: Reason, doer: Doer): Promise<void> {
  if (!(await store.insertMemberFrom(tx, { teamId: team.id, userId: user.userId, group }))) return;
  const details = { member: user.username, group };
  await recordEvent(tx, doer, { action: 'team.member_added', subject: `${team.namespace}/${team.name}`, details });
}

/**
 * Removes a member who is in the team only because of the group.
 *
 * @returns false for the last owner, who stays, and when a person has made the membership theirs
 */
export async function leave(tx: Db, user: Joining, { team, group }: Reason, doer: Doer): Promise<boolean> {
  if (team.is_owners && (await findOrphanedBy(tx, user.userId)).includes(team.namespace)) return false;
  if (!(await store.deleteMemberFrom(tx, { teamId: team.id, userId: user.userId, group }))) return false;
  await endUnbacked(tx, doer, { userIds: [user.userId] });
  const details = { member: user.username, group };
  await recordEvent(tx, doer, { action: 'team.member_removed', subject: `${team.namespace}/${team.name}`, details });
  return true;
}
