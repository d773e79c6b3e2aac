import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import type { Actor, RepositoryName } from '../access/actor';
import { administeredIn } from '../repositories/access';
import { displayName } from '../repositories/names';
import { findRepositoryAccess, type RepositoryAccess } from '../repositories/repository-access';
import { issueBearerToken, type Grant } from '../tokens/bearer-token';
import { findBacker, mayPull } from './build-token.store';

/*
 * A build acts with the rights of the account that set up its source, as long as that account administers the
 * repository: it pushes to this repository, and pulls from those that the account may read by its role in them. That
 * the account is a site administrator gives a Dockerfile nothing.
 */

/** The build of a Bearer token; undefined: it no longer runs, so that its token has ended. */
export async function findRunningBuild(
  ctx: Needs<'db'>,
  buildId: number,
): Promise<{ readonly id: number; readonly repositoryId: number } | undefined> {
  const row = await findBacker(ctx.db, buildId);
  return row && { id: buildId, repositoryId: row.repository_id };
}

/** A repository that a build may not pull from. */
export interface RefusedBase {
  readonly base: RepositoryName;
  readonly reason: string;
}

const UNBACKED =
  'The account that set up the source may no longer administer the repository: an administrator has to save the source again';

async function accessOf(ctx: Needs<'db'>, actor: Actor, name: RepositoryName): Promise<RepositoryAccess> {
  try {
    return await findRepositoryAccess(ctx, actor, name);
  } catch (error) {
    // The account is inactive.
    if (error instanceof AppError && (error.code === 'unauthenticated' || error.code === 'inactive'))
      throw new AppError('forbidden', UNBACKED, { cause: error });
    throw error;
  }
}

/**
 * Creates a Bearer token for `/v2/` with which a running build pulls its base images and pushes its own. It lasts an
 * hour, so a build asks for one before it pulls, and for another before it pushes.
 *
 * @param bases - the repositories of this hub that the Dockerfile names
 * @returns the token, and the bases that it is not for
 * @throws AppError `not_found` when the build is not running; `forbidden` when the account that set up the source may no
 *   longer administer the repository
 */
export async function issueBuildToken(
  ctx: Needs<'db' | 'tokenKey'>,
  buildId: number,
  bases: readonly RepositoryName[] = [],
): Promise<{ readonly token: string; readonly refused: readonly RefusedBase[] }> {
  const backer = await findBacker(ctx.db, buildId);
  if (backer === undefined) throw new AppError('not_found', 'The build is not running');
  const { user_id: userId, credentials_epoch: credentialsEpoch, namespace, name } = backer;
  if (userId === null || credentialsEpoch === null) throw new AppError('forbidden', UNBACKED);
  const identity = { userId, credentialsEpoch };
  const actor: Actor = { kind: 'user', identity, address: 'builder', proof: 'old_login' };
  if (administeredIn(await accessOf(ctx, actor, { namespace, name })) === undefined)
    throw new AppError('forbidden', UNBACKED);
  const grants: Grant[] = [{ repository: { namespace, name }, actions: ['pull', 'push'] }];
  const refused: RefusedBase[] = [];
  for (const base of bases) {
    if (await mayPull(ctx.db, userId, base)) grants.push({ repository: base, actions: ['pull'] });
    else refused.push({ base, reason: `There is no repository ${displayName(base)} that this build may read` });
  }
  return { token: issueBearerToken(ctx.tokenKey, { identity, grants, hasCatalog: false, buildId }), refused };
}
