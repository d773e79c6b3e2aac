import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { containing, type Range } from '../../platform/db/query';
import { isForeignKeyViolation } from '../../platform/db/sqlstate';
import { AppError, fieldError } from '../../platform/errors';
import { recordEvent, type Doer } from '../audit/audit';
import { isAccount, isOperator, type Account, type Actor, type Operator } from '../access/actor';
import { assertConfirmed, getAccountOrOperator, requireAdministratorLogin } from '../access/current-account';
import { doerOf } from '../access/doer';
import { endAccount } from '../accounts/endings';
import { canActForAccount } from '../access/policy';
import { assertNotRetired, takingName } from '../accounts/retired-names';
import { assertOrganizationName, normalizeUsername, noSuchUser } from '../accounts/account-rules';
import { deleteAccount, lockAccounts } from '../accounts/locks';
import { getUser } from '../accounts/users';
import * as store from './organizations.store';
import { assertMayOwn, assertNotSoleOwner, lockNewOwner } from './owners';
import { getMembersOrganization, getOwnersOrganization } from './namespace-access';
import * as teams from './teams.store';

/*
 * An organization is a namespace without an account: nobody logs in as an organization. It has a team `owners`, whose
 * members own it and which always has at least one member, and any number of other teams; see `teams.ts`.
 */

const OWNERS = 'owners';

/** An organization, as its members see it in a list. */
export interface Organization {
  readonly name: string;
  readonly plan: string;
  readonly teamCount: number;
  readonly memberCount: number;
  readonly createdAt: Date;
}

function fromRow(row: store.OrganizationRow): Organization {
  const { name, plan, team_count: teamCount, member_count: memberCount, created_at: createdAt } = row;
  return { name, plan, teamCount, memberCount, createdAt };
}

/** Which organizations to list. */
export interface OrganizationFilter {
  /** also those that the actor does not belong to; for site administrators */
  readonly isForAll: boolean;
  /** a part of the name; undefined: any */
  readonly text?: string | undefined;
  /** undefined: the whole list */
  readonly range?: Range | undefined;
}

/**
 * The organizations that the actor is a member of, or all of them, by name.
 *
 * @throws AppError `forbidden` when anyone but an administrator asks for all of them, `unauthenticated`, `inactive`
 */
export async function listOrganizations(
  ctx: Needs<'db'>,
  actor: Actor,
  { isForAll, text, range }: OrganizationFilter,
): Promise<{ total: number; organizations: Organization[] }> {
  const { userId, isAdmin } = await getAccountOrOperator(ctx, actor);
  if (isForAll && !isAdmin) throw new AppError('forbidden', 'Only administrators can list all organizations');
  const pattern = text === undefined ? undefined : containing(text.toLowerCase());
  const wanted = { userId: isForAll ? undefined : userId, pattern };
  const { total, rows } = await store.listOrganizations(ctx.db, wanted, range);
  return { total, organizations: rows.map(fromRow) };
}

/** A member of at least one team of an organization. */
export interface OrganizationMember {
  readonly username: string;
  readonly isRobot: boolean;
  readonly teams: readonly string[];
}

/**
 * The members of all teams of an organization, for its members.
 *
 * @throws AppError `not_found`, `forbidden`, `unauthenticated`, `inactive`
 */
export async function listOrganizationMembers(
  ctx: Needs<'db'>,
  actor: Actor,
  organization: string,
  range: Range,
): Promise<{ total: number; members: OrganizationMember[] }> {
  const { namespace } = await getMembersOrganization(ctx, actor, organization);
  const { total, rows } = await store.listOrganizationMembers(ctx.db, namespace, range);
  const members = rows.map((row) => ({ username: row.username, isRobot: row.robot_of !== null, teams: row.teams }));
  return { total, members };
}

/** The first owner of a new organization: the actor, or the user whom an administrator names. */
async function firstOwner(
  ctx: Needs<'db'>,
  principal: Account | Operator,
  ownerName: string | undefined,
): Promise<{ userId: number; username: string }> {
  if (ownerName !== undefined) {
    if (!principal.isAdmin) throw new AppError('forbidden', 'Only administrators name the owner of an organization');
    const { id: userId, username } = await getUser(ctx, ownerName);
    return { userId, username };
  }
  if (isOperator(principal)) throw new AppError('invalid', 'An organization needs an owner');
  return principal;
}

/**
 * Creates an organization with one owner: the actor, or the user whom an administrator or the operator names.
 *
 * @param name - obeys the rules of usernames, and must differ from all of them
 * @throws AppError `invalid`, `conflict` when the name is taken or retired, or the owner is a robot or not active,
 *   `not_found` when there is no such owner, `forbidden` for a robot or a weak access token, `unauthenticated`,
 *   `inactive`
 */
export async function createOrganization(
  ctx: Needs<'db' | 'settings'>,
  actor: Actor,
  name: string,
  { owner: ownerName }: { owner?: string | undefined } = {},
): Promise<void> {
  const principal = await getAccountOrOperator(ctx, actor);
  const isRobot = isAccount(principal) && principal.robotOf !== undefined;
  if (isRobot || !canActForAccount(principal)) throw new AppError('forbidden', 'Access denied');
  const owner = await firstOwner(ctx, principal, ownerName);
  const doer = doerOf(actor, principal);
  assertOrganizationName(name, ctx.settings.hubLimits);
  await takingName('name', name, async () => {
    await assertNotRetired(ctx.db, name);
    await inTransaction(ctx.db, async (tx) => {
      await lockNewOwner(tx, owner);
      await store.insertOrganization(tx, name);
      await addOwnersTeam(tx, name, owner, doer);
      await recordEvent(tx, doer, { action: 'organization.created', subject: name });
    });
  });
}

async function addOwnersTeam(
  tx: Needs<'db'>['db'],
  organization: string,
  owner: { userId: number; username: string },
  doer: Doer,
): Promise<void> {
  const teamId = await teams.insertTeam(tx, { namespace: organization, name: OWNERS, isOwners: true, description: '' });
  await teams.insertMember(tx, teamId, owner.userId);
  const subject = `${organization}/${OWNERS}`;
  await recordEvent(tx, doer, { action: 'team.member_added', subject, details: { member: owner.username } });
}

/**
 * Turns a user into an organization, for an administrator: the namespace and its repositories stay; the account is
 * deleted, with its password, addresses, access tokens and memberships.
 *
 * @param ownerName - the user who owns the organization from now on
 * @throws AppError `not_found`, `conflict` when the account is a site administrator, or is the only active owner of
 *   another organization, or when the owner is a robot or not active; `invalid` when it would own itself; those of
 *   `assertConfirmed` and `requireAdministratorLogin`
 */
export async function convertUser(ctx: Needs<'db'>, actor: Actor, username: string, ownerName: string): Promise<void> {
  assertConfirmed(actor);
  const doer = doerOf(actor, await requireAdministratorLogin(ctx, actor));
  const names = [username, ownerName].map(normalizeUsername);
  if (names[0] === names[1])
    throw fieldError('invalid', 'owner', 'An organization cannot own itself: choose another owner');
  await inTransaction(ctx.db, async (tx) => {
    const [user, owner] = await lockAccounts(tx, names);
    if (user === undefined || user.robot_of !== null) throw noSuchUser(username);
    if (owner === undefined) throw noSuchUser(ownerName);
    if (user.is_admin) throw new AppError('conflict', `${user.username} is a site administrator`);
    assertMayOwn(owner);
    await assertNotSoleOwner(tx, user);
    await endAccount(tx, doer, user);
    await store.convertNamespace(tx, user.username);
    await deleteAccount(tx, user.id);
    await addOwnersTeam(tx, user.username, { userId: owner.id, username: owner.username }, doer);
    await recordEvent(tx, doer, { action: 'organization.converted', subject: user.username });
  });
}

/**
 * Deletes an organization that has no repositories.
 *
 * @throws AppError `not_found`, `forbidden`, `conflict` while it has repositories, `unauthenticated`, `inactive`, and those
 *   of `assertConfirmed`
 */
export async function deleteOrganization(ctx: Needs<'db'>, actor: Actor, name: string): Promise<void> {
  assertConfirmed(actor);
  const { principal, namespace } = await getOwnersOrganization(ctx, actor, name);
  try {
    await inTransaction(ctx.db, async (tx) => {
      const isGone = await store.deleteOrganization(tx, namespace);
      if (!isGone) throw new AppError('not_found', `No such organization: ${namespace}`);
      await recordEvent(tx, doerOf(actor, principal), { action: 'organization.deleted', subject: namespace });
    });
  } catch (error) {
    if (!isForeignKeyViolation(error)) throw error;
    const message = `${namespace} still has repositories: delete or transfer them first`;
    throw new AppError('conflict', message, { cause: error });
  }
}
