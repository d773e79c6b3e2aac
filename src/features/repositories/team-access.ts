import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import { recordEvent } from '../audit/audit';
import type { AccessLevel } from '../access/actor';
import { endUnbacked } from '../accounts/endings';
import { getTeam } from '../namespaces/teams';
import type { AdministeredRepository } from './access';
import { displayName } from './names';
import * as store from './sharing.store';

/** The access of a team to a repository of its organization. */
export interface TeamAccess {
  readonly team: string;
  readonly access: AccessLevel;
}

/** The teams that have access, by name. */
export async function listTeamAccess(ctx: Needs<'db'>, repository: AdministeredRepository): Promise<TeamAccess[]> {
  return store.listTeamAccess(ctx.db, repository.id);
}

/**
 * Gives a team access to a repository of its organization, which replaces its previous access.
 *
 * @throws AppError `not_found` for the team, `conflict` for the owners, who may do everything
 */
export async function setTeamAccess(
  ctx: Needs<'db'>,
  repository: AdministeredRepository,
  { team: teamName, access }: TeamAccess,
): Promise<void> {
  const { doer } = repository;
  const team = await getTeam(ctx, repository.namespace, teamName);
  if (team.isOwners) throw new AppError('conflict', 'Owners always have full access');
  await inTransaction(ctx.db, async (tx) => {
    if (!(await store.upsertTeamAccess(tx, repository.id, team.id, access))) return;
    await endUnbacked(tx, doer, { repositoryIds: [repository.id] });
    const details = { repository: displayName(repository), access };
    const subject = `${team.organization}/${team.name}`;
    await recordEvent(tx, doer, { action: 'team.access_changed', subject, details });
  });
}

/**
 * Removes a team's access.
 *
 * @throws AppError `not_found` for the team, also when it had no access
 */
export async function removeTeamAccess(
  ctx: Needs<'db'>,
  repository: AdministeredRepository,
  teamName: string,
): Promise<void> {
  const { doer } = repository;
  const team = await getTeam(ctx, repository.namespace, teamName);
  await inTransaction(ctx.db, async (tx) => {
    if (!(await store.deleteTeamAccess(tx, repository.id, team.id))) {
      throw new AppError('not_found', `${teamName} does not have access to ${displayName(repository)}`);
    }
    await endUnbacked(tx, doer, { repositoryIds: [repository.id] });
    const details = { repository: displayName(repository), access: 'none' };
    const subject = `${team.organization}/${team.name}`;
    await recordEvent(tx, doer, { action: 'team.access_changed', subject, details });
  });
}
