import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { containing, type Range } from '../../platform/db/query';
import { isForeignKeyViolation, isUniqueViolation } from '../../platform/db/sqlstate';
import { AppError } from '../../platform/errors';
import { recordEvent, type Doer } from '../audit/audit';
import type { Actor } from '../access/actor';
import { assertConfirmed, getAccount } from '../access/current-account';
import { doerOf } from '../access/doer';
import { endAccount } from '../accounts/endings';
import { canActForAccount } from '../access/policy';
import { assertNotRetired } from '../accounts/retired-names';
import { assertOrganizationName, normalizeUsername } from '../accounts/account-rules';
import { deleteAccount, lockAccounts } from '../accounts/locks';
import * as store from './organizations.store';
import { assertMayOwn, assertOrphansNone, lockNewOwner } from './owners';
import { getMembersOrganization, getOwnersOrganization } from './scope';
import * as teams from './teams.store';

/*
 * An organization is a namespace without an account: nobody logs in as it. It has a team `owners`, whose members own it
 * and of whom there is always one at least, and any number of other teams; see `teams.ts`.
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

/** All organizations; for administrators. */
export async function listAllOrganizations(ctx: Needs<'db'>): Promise<Organization[]> {
  return (await store.listOrganizations(ctx.db, { userId: undefined })).rows.map(fromRow);
}

/** Which organizations to list. */
export interface OrganizationFilter extends Range {
  /** also those that the actor does not belong to; for administrators of the site */
  readonly isForAll: boolean;
  /** a part of the name; undefined: any */
  readonly text?: string | undefined;
}

/**
 * A page of the organizations that the actor is a member of, or of all, by name.
 *
 * @throws AppError `forbidden` for all to whoever is no administrator, `unauthenticated`, `inactive`
 */
export async function listOrganizations(
  ctx: Needs<'db'>,
  actor: Actor,
  { isForAll, text, ...range }: OrganizationFilter,
): Promise<{ total: number; organizations: Organization[] }> {
  const { userId, isAdmin } = await getAccount(ctx, actor);
  if (isForAll && !isAdmin) throw new AppError('forbidden', 'Only administrators can list all organizations');
  const pattern = text === undefined ? undefined : containing(text.toLowerCase());
  const wanted = { userId: isForAll ? undefined : userId, pattern };
  const { total, rows } = await store.listOrganizations(ctx.db, wanted, range);
  return { total, organizations: rows.map(fromRow) };
}

/** Somebody in a team of an organization. */
export interface OrganizationMember {
  readonly username: string;
  readonly isRobot: boolean;
  readonly teams: readonly string[];
}

/**
 * Everybody in the teams of an organization, for its members.
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

/**
 * Makes an organization whose only owner is the actor.
 *
 * @param name - obeys the rules of usernames, and shares their names
 * @throws AppError `invalid`, `conflict` when the name is taken or retired, `forbidden` for a robot or a weak access token,
 *   `unauthenticated`, `inactive`
 */
export async function createOrganization(ctx: Needs<'db' | 'settings'>, actor: Actor, name: string): Promise<void> {
  const account = await getAccount(ctx, actor);
  if (account.robotOf !== undefined || !canActForAccount(account)) throw new AppError('forbidden', 'Access denied');
  await createOrganizationFor(ctx, name, account, doerOf(actor, account));
}

/**
 * Makes an organization for an account, on an operator's behalf.
 *
 * @throws AppError `invalid`, `conflict` when the name is taken or retired, or the owner is a robot or not active
 */
export async function createOrganizationFor(
  ctx: Needs<'db' | 'settings'>,
  name: string,
  owner: { userId: number; username: string },
  doer: Doer,
): Promise<void> {
  assertOrganizationName(name, ctx.settings.hubLimits);
  await assertNotRetired(ctx.db, name);
  try {
    await inTransaction(ctx.db, async (tx) => {
      await lockNewOwner(tx, owner);
      await store.insertOrganization(tx, name);
      await addOwnersTeam(tx, name, owner, doer);
      await recordEvent(tx, doer, { action: 'organization.created', subject: name });
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new AppError('conflict', `The name ${name} is already taken`, { cause: error });
  }
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
 * Turns a user into an organization, for an administrator: the namespace and its repositories stay, the account goes,
 * with its password, addresses, access tokens and memberships.
 *
 * @param ownerName - the user who owns the organization from now on
 * @throws AppError `not_found`, `conflict` when the account administrates the site, or is the only active owner of
 *   another organization, or when the owner is a robot or not active; `invalid` when it would own itself
 */
export async function convertUser(ctx: Needs<'db'>, username: string, ownerName: string, doer: Doer): Promise<void> {
  const names = [username, ownerName].map(normalizeUsername);
  if (names[0] === names[1]) throw new AppError('invalid', 'An organization cannot own itself: choose another owner');
  await inTransaction(ctx.db, async (tx) => {
    const [user, owner] = await lockAccounts(tx, names);
    if (user === undefined || user.robot_of !== null) throw new AppError('not_found', `No such user: ${username}`);
    if (owner === undefined) throw new AppError('not_found', `No such user: ${ownerName}`);
    if (user.is_admin) throw new AppError('conflict', `${user.username} is a site administrator`);
    assertMayOwn(owner);
    await assertOrphansNone(tx, user);
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
  const { account, namespace } = await getOwnersOrganization(ctx, actor, name);
  await deleteOrganizationAs(ctx, namespace, doerOf(actor, account));
}

/** As `deleteOrganization`, on an operator's behalf. */
export async function deleteOrganizationAs(ctx: Needs<'db'>, name: string, doer: Doer): Promise<void> {
  try {
    await inTransaction(ctx.db, async (tx) => {
      const isGone = await store.deleteOrganization(tx, name);
      if (!isGone) throw new AppError('not_found', `No such organization: ${name}`);
      await recordEvent(tx, doer, { action: 'organization.deleted', subject: name });
    });
  } catch (error) {
    if (!isForeignKeyViolation(error)) throw error;
    throw new AppError('conflict', `${name} still has repositories: delete or transfer them first`, { cause: error });
  }
}
