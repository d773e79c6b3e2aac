import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import type { Range } from '../../platform/db/query';
import { isUniqueViolation } from '../../platform/db/sqlstate';
import { AppError, fieldError } from '../../platform/errors';
import { recordEvent, type Doer } from '../audit/audit';
import { createAccessToken, listAccessTokens, revokeAccessToken } from '../accounts/access-tokens';
import type { AccessToken, NewAccessToken } from '../accounts/access-tokens';
import type { Actor } from '../access/actor';
import { assertConfirmed } from '../access/current-account';
import { doerOf } from '../access/doer';
import * as store from './robots.store';
import { getOwnersOrganization } from './namespace-access';

/*
 * A robot is an account of an organization, `organization+name`, for a machine. It has no password, only access tokens,
 * and may do what its teams may do. These are teams of its own organization, and never the owners team.
 */

export interface Robot {
  readonly id: number;
  /** `organization+name`, its login name */
  readonly username: string;
  readonly createdAt: Date;
}

/** A robot by its organization and the part after the `+`. */
export interface RobotPlace {
  readonly organization: string;
  readonly name: string;
}

const ROBOT = /^[a-z0-9_-]{1,30}$/;

function fromRow({ id, username, created_at: createdAt }: store.RobotRow): Robot {
  return { id, username, createdAt };
}

async function getRobot(ctx: Needs<'db'>, organization: string, name: string): Promise<Robot> {
  const row = await store.findRobot(ctx.db, organization, `${organization}+${name}`);
  if (row === undefined) throw new AppError('not_found', `No such robot: ${organization}+${name}`);
  return fromRow(row);
}

/** A robot, for an owner of its organization; throws as `listRobots`. */
export async function showRobot(ctx: Needs<'db'>, actor: Actor, { organization, name }: RobotPlace): Promise<Robot> {
  const { namespace } = await getOwnersOrganization(ctx, actor, organization);
  return getRobot(ctx, namespace, name);
}

/**
 * The robots of an organization, for its owners.
 *
 * @throws AppError `not_found`, `forbidden`, `unauthenticated`, `inactive`
 */
export async function listRobots(
  ctx: Needs<'db'>,
  actor: Actor,
  organization: string,
  range: Range,
): Promise<{ total: number; robots: Robot[] }> {
  const { namespace } = await getOwnersOrganization(ctx, actor, organization);
  const { total, rows } = await store.listRobots(ctx.db, namespace, range);
  return { total, robots: rows.map(fromRow) };
}

/**
 * Creates a robot, unless there is already one of this name.
 *
 * @returns the robot, and whether it is new
 * @throws AppError as `createRobot`; `conflict` only when another request creates it at the same time
 */
export async function putRobot(
  ctx: Needs<'db'>,
  actor: Actor,
  { organization, name }: RobotPlace,
): Promise<{ robot: Robot; isNew: boolean }> {
  const { namespace, principal } = await getOwnersOrganization(ctx, actor, organization);
  const row = await store.findRobot(ctx.db, namespace, `${namespace}+${name}`);
  if (row !== undefined) return { robot: fromRow(row), isNew: false };
  return { robot: await insertRobot(ctx, { organization: namespace, name }, doerOf(actor, principal)), isNew: true };
}

/**
 * Creates a robot.
 *
 * @throws AppError `invalid`, `conflict` when there is already one of this name, `not_found`, `forbidden`,
 *   `unauthenticated`, `inactive`
 */
export async function createRobot(ctx: Needs<'db'>, actor: Actor, { organization, name }: RobotPlace): Promise<Robot> {
  const { namespace, principal } = await getOwnersOrganization(ctx, actor, organization);
  return insertRobot(ctx, { organization: namespace, name }, doerOf(actor, principal));
}

async function insertRobot(ctx: Needs<'db'>, { organization, name }: RobotPlace, doer: Doer): Promise<Robot> {
  if (!ROBOT.test(name))
    throw fieldError('invalid', 'name', 'The name of a robot has 1 to 30 lowercase letters, digits, "_" and "-"');
  const username = `${organization}+${name}`;
  try {
    return await inTransaction(ctx.db, async (tx) => {
      const robot = fromRow(await store.insertRobot(tx, organization, username));
      await recordEvent(tx, doer, { action: 'robot.created', subject: username });
      return robot;
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw fieldError('conflict', 'name', `The robot ${username} already exists`, { cause: error });
  }
}

/**
 * Deletes a robot and its tokens.
 *
 * @throws AppError `not_found`, `forbidden`, `unauthenticated`, `inactive`, and those of `assertConfirmed`
 */
export async function deleteRobot(ctx: Needs<'db'>, actor: Actor, { organization, name }: RobotPlace): Promise<void> {
  assertConfirmed(actor);
  const { namespace, principal } = await getOwnersOrganization(ctx, actor, organization);
  const username = `${namespace}+${name}`;
  await inTransaction(ctx.db, async (tx) => {
    const isGone = await store.deleteRobot(tx, namespace, username);
    if (!isGone) throw new AppError('not_found', `No such robot: ${username}`);
    await recordEvent(tx, doerOf(actor, principal), { action: 'robot.deleted', subject: username });
  });
}

/** A robot, and the owner of its organization who may manage its tokens. */
async function getOwned(
  ctx: Needs<'db'>,
  actor: Actor,
  { organization, name }: RobotPlace,
): Promise<{ account: { userId: number; username: string }; doer: Doer }> {
  const { namespace, principal } = await getOwnersOrganization(ctx, actor, organization);
  const robot = await getRobot(ctx, namespace, name);
  return { account: { userId: robot.id, username: robot.username }, doer: doerOf(actor, principal) };
}

/** The tokens of a robot; throws as `createRobotToken`. */
export async function listRobotTokens(ctx: Needs<'db'>, actor: Actor, robot: RobotPlace): Promise<AccessToken[]> {
  return listAccessTokens(ctx, (await getOwned(ctx, actor, robot)).account);
}

/**
 * Creates a token for a robot, for an owner of its organization.
 *
 * @throws AppError `invalid`, `conflict`, `not_found`, `forbidden`, `unauthenticated`, `inactive`, and those of
 *   `assertConfirmed`
 */
export async function createRobotToken(
  ctx: Needs<'db'>,
  actor: Actor,
  robot: RobotPlace,
  token: NewAccessToken,
): Promise<{ token: AccessToken; secret: string }> {
  assertConfirmed(actor);
  const { account, doer } = await getOwned(ctx, actor, robot);
  return createAccessToken(ctx, account, token, doer);
}

/** Ends a token of a robot; throws as `createRobotToken`. */
export async function revokeRobotToken(
  ctx: Needs<'db'>,
  actor: Actor,
  robot: RobotPlace,
  tokenId: number,
): Promise<void> {
  assertConfirmed(actor);
  const { account, doer } = await getOwned(ctx, actor, robot);
  await revokeAccessToken(ctx, account, tokenId, doer);
}
