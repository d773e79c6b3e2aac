import type { Db } from '../../platform/db/db';
import { recordEvent, type Doer } from '../audit/audit';
import { noSuchUser } from '../accounts/account-rules';
import { endUnbacked } from '../accounts/endings';
import { lockAccount } from '../accounts/locks';
import { findOrphanedBy } from './owners.store';
import * as store from './team-groups.store';
import { deleteMember, insertMember, lockTeam } from './teams.store';

/*
 * Members that a team has because they are in a group of the provider that users sign in with. They join and leave when
 * they sign in. A membership that a person made stays, whatever the groups are.
 */

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
  for (const team of await store.listDue(tx, user.userId, groups)) {
    await lockTeam(tx, team.id);
    if (team.wanted === null) await leave(tx, user, team, doer);
    else await enter(tx, user, { ...team, wanted: team.wanted }, doer);
  }
}

async function enter(tx: Db, user: Joining, team: store.DueTeam & { wanted: string }, doer: Doer): Promise<void> {
  if (team.from_group !== null) return store.setFromGroup(tx, { teamId: team.id, userId: user.userId }, team.wanted);
  if (!(await insertMember(tx, team.id, user.userId, team.wanted))) return;
  const details = { member: user.username, group: team.wanted };
  await recordEvent(tx, doer, { action: 'team.member_added', subject: `${team.namespace}/${team.name}`, details });
}

/** Removes a member whose group is no longer one of the team. @returns false for the last owner, who stays */
export async function leave(tx: Db, user: Joining, team: Omit<store.DueTeam, 'wanted'>, doer: Doer): Promise<boolean> {
  if (team.is_owners && (await findOrphanedBy(tx, user.userId)).includes(team.namespace)) return false;
  if (!(await deleteMember(tx, team.id, user.userId))) return false;
  await endUnbacked(tx, doer, { userIds: [user.userId] });
  const details = { member: user.username, group: team.from_group ?? '' };
  await recordEvent(tx, doer, { action: 'team.member_removed', subject: `${team.namespace}/${team.name}`, details });
  return true;
}
