import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import type { Range } from '../../platform/db/query';
import { isUniqueViolation } from '../../platform/db/sqlstate';
import { AppError, fieldError } from '../../platform/errors';
import { recordEvent } from '../audit/audit';
import type { Actor } from '../access/actor';
import { assertConfirmed, requirePasswordLogin } from '../access/current-account';
import { doerOf } from '../access/doer';
import { endUnbacked } from '../accounts/endings';
import { getMembersOrganization, getOwnersOrganization, type NamespaceAccess } from './namespace-access';
import * as store from './teams.store';

/*
 * Teams of an organization. Members of `owners` own it; members of another team have the access to its repositories
 * that the team was given (`repositories/team-access.ts`). For the members see `team-members.ts`.
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

/** A team by its organization's name and its own. */
export interface TeamPlace {
  readonly organization: string;
  readonly team: string;
}

/** A team that an account is in. */
export interface OwnTeam extends TeamPlace {
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
 * @param range - undefined: the whole list
 * @throws AppError `not_found`, `forbidden`, `unauthenticated`, `inactive`
 */
export async function listTeams(
  ctx: Needs<'db'>,
  actor: Actor,
  organization: string,
  range?: Range,
): Promise<{ total: number; teams: Team[] }> {
  const { namespace } = await getMembersOrganization(ctx, actor, organization);
  const { total, rows } = await store.listTeams(ctx.db, namespace, range);
  return { total, teams: rows.map(fromRow) };
}

/**
 * A team, for members of its organization.
 *
 * @throws AppError `not_found`, `forbidden`, `unauthenticated`, `inactive`
 */
export async function showTeam(ctx: Needs<'db'>, actor: Actor, place: TeamPlace): Promise<Team> {
  const { namespace } = await getMembersOrganization(ctx, actor, place.organization);
  return getTeam(ctx, namespace, place.team);
}

/**
 * A team, for owners of its organization who decide who is in it. The members of the owners team own the organization,
 * so for that one the password is needed; see `accounts/guarded-actions.ts`.
 *
 * @throws AppError as `showTeam`, and for the owners team those of `assertConfirmed`
 */
export async function getOwnedTeam(
  ctx: Needs<'db'>,
  actor: Actor,
  place: TeamPlace,
): Promise<{ team: Team; principal: NamespaceAccess['principal'] }> {
  const { principal, namespace } = await getOwnersOrganization(ctx, actor, place.organization);
  const team = await getTeam(ctx, namespace, place.team);
  if (team.isOwners) assertConfirmed(actor);
  return { team, principal };
}

/** @throws AppError `invalid` */
function assertTeam({ name, description }: { name: string; description: string }): void {
  if (!TEAM.test(name))
    throw fieldError('invalid', 'name', 'The name of a team has 1 to 30 lowercase letters, digits, "_" and "-"');
  if ([...description].length > DESCRIPTION_LIMIT) {
    throw fieldError(
      'invalid',
      'description',
      `The description of a team can have at most ${DESCRIPTION_LIMIT} characters`,
    );
  }
}

/**
 * Creates a team, or changes the description of an existing one.
 *
 * @param assertCurrent - throws if the current team must not be changed
 * @returns whether the team is new
 * @throws AppError `invalid`, `not_found`, `conflict` when another request creates it at the same time, `forbidden`,
 *   `unauthenticated`, `inactive`, and what `assertCurrent` throws
 */
export async function putTeam(
  ctx: Needs<'db'>,
  actor: Actor,
  organization: string,
  team: { name: string; description: string },
  assertCurrent: (team: Team | undefined) => void = () => undefined,
): Promise<boolean> {
  const { namespace, principal } = await getOwnersOrganization(ctx, actor, organization);
  assertTeam(team);
  const { name, description } = team;
  const doer = doerOf(actor, principal);
  try {
    return await inTransaction(ctx.db, async (tx) => {
      const known = await store.lockNamed(tx, namespace, name);
      assertCurrent(known && fromRow(known));
      const subject = `${namespace}/${name}`;
      if (known === undefined) {
        await store.insertTeam(tx, { namespace, name, isOwners: false, description });
        await recordEvent(tx, doer, { action: 'team.created', subject });
      } else if (known.description !== description) {
        await store.updateDescription(tx, known.id, description);
        await recordEvent(tx, doer, { action: 'team.described', subject });
      }
      return known === undefined;
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw fieldError('conflict', 'name', `The team ${name} was just created by someone else`, { cause: error });
  }
}

/**
 * Deletes a team; its members lose the access that it gave.
 *
 * @throws AppError `not_found`, `conflict` for the owners, `forbidden`, `unauthenticated`, `inactive`
 */
export async function deleteTeam(ctx: Needs<'db'>, actor: Actor, organization: string, name: string): Promise<void> {
  const { namespace, principal } = await getOwnersOrganization(ctx, actor, organization);
  const team = await getTeam(ctx, namespace, name);
  if (team.isOwners) throw new AppError('conflict', 'The owners team cannot be deleted');
  const doer = doerOf(actor, principal);
  await inTransaction(ctx.db, async (tx) => {
    const userIds = (await store.listMembers(tx, team.id)).rows.map((member) => member.user_id);
    if (!(await store.deleteTeam(tx, team.id))) return;
    await endUnbacked(tx, doer, { userIds });
    await recordEvent(tx, doer, { action: 'team.deleted', subject: `${namespace}/${name}` });
  });
}

/**
 * The teams that the actor is in, by name.
 *
 * @throws AppError `forbidden` for an access token, `unauthenticated`, `inactive`
 */
export async function listOwnTeams(ctx: Needs<'db'>, actor: Actor): Promise<OwnTeam[]> {
  const { userId } = await requirePasswordLogin(ctx, actor);
  const rows = await store.listOfMember(ctx.db, userId);
  return rows.map((row) => ({ organization: row.namespace, team: row.name, since: row.created_at }));
}
