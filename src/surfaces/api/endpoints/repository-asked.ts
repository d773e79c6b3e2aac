import { z } from 'zod';
import type { Context } from '../../../context';
import type { RepositoryName } from '../../../features/access/actor';
import {
  repositoryNotFound,
  type AdministeredRepository,
  type DeletableRepository,
  type ParticipantRepository,
  type ReadableRepository,
  type VisibleRepository,
  type WritableRepository,
} from '../../../features/repositories/access';
import {
  getAdministered,
  getDeletable,
  getParticipant,
  getReadable,
  getVisible,
  getWritable,
} from '../../../features/repositories/get-repository';
import { parseRepositoryName } from '../../../features/repositories/names';
import type { Caller } from '../access';
import { nameParam } from './schemas';

/* The repository that a path names, authorised for the caller. Each endpoint asks once, for exactly what it needs. */

export const repositoryParams = z.object({ namespace: nameParam, name: nameParam });

/** The part of an endpoint's input that names the caller and the repository. */
interface Asked {
  readonly caller: Caller;
  readonly params: z.output<typeof repositoryParams>;
}

/**
 * The name in a path.
 *
 * @throws AppError `not_found` if no repository can have the name
 */
export function repositoryOf(params: z.output<typeof repositoryParams>): RepositoryName {
  const name = parseRepositoryName(params.namespace, params.name);
  if (name === undefined) throw repositoryNotFound();
  return name;
}

/** The repository, to read it; a former name works too. */
export function readableAsked(ctx: Context, { caller, params }: Asked): Promise<ReadableRepository> {
  return getReadable(ctx, caller.actor, repositoryOf(params), { followsAliases: true });
}

/** The repository, to read its comments and stars; a former name does not work. */
export function discussedAsked(ctx: Context, { caller, params }: Asked): Promise<ReadableRepository> {
  return getReadable(ctx, caller.actor, repositoryOf(params));
}

/** The repository, to show it; a former name works too. During deletion, only those who have a role in it see it. */
export function visibleAsked(ctx: Context, { caller, params }: Asked): Promise<VisibleRepository> {
  return getVisible(ctx, caller.actor, repositoryOf(params), { followsAliases: true });
}

/** The repository, to set its tags. */
export function writableAsked(ctx: Context, { caller, params }: Asked): Promise<WritableRepository> {
  return getWritable(ctx, caller.actor, repositoryOf(params));
}

/** The repository, to delete it or something in it. */
export function deletableAsked(ctx: Context, { caller, params }: Asked): Promise<DeletableRepository> {
  return getDeletable(ctx, caller.actor, repositoryOf(params));
}

/** The repository, to change its settings. */
export function administeredAsked(ctx: Context, { caller, params }: Asked): Promise<AdministeredRepository> {
  return getAdministered(ctx, caller.actor, repositoryOf(params));
}

/** The repository, to comment on it or star it. */
export function participantAsked(ctx: Context, { caller, params }: Asked): Promise<ParticipantRepository> {
  return getParticipant(ctx, caller.actor, repositoryOf(params));
}
