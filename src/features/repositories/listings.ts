import type { Needs } from '../../context';
import { containing, type Range } from '../../platform/db/query';
import { AppError } from '../../platform/errors';
import { finderOf, type Actor, type OPERATOR_ACTOR, type RepositoryName } from '../access/actor';
import { assertStillGood } from '../access/current-account';
import type { Visibility } from '../access/policy';
import * as store from './listings.store';
import { LIBRARY } from './names';
import { listAll } from './repositories.store';
import type { RepositoryState } from './repository-access-row';

/** A repository in a list. */
export interface ListedRepository extends RepositoryName {
  readonly state: RepositoryState;
  readonly visibility: Visibility;
  readonly isAutomated: boolean;
  readonly isOfficial: boolean;
  readonly description: string;
  readonly starCount: number;
  readonly tagCount: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A tag in a list. */
export interface ListedTag {
  readonly name: string;
  /** what v1 clients get; undefined: nothing */
  readonly imageId: string | undefined;
  readonly updatedAt: Date;
}

function toListed(row: store.ListedRow): ListedRepository {
  return {
    namespace: row.namespace,
    name: row.name,
    state: row.state,
    visibility: row.visibility,
    isAutomated: row.is_automated,
    isOfficial: row.namespace === LIBRARY,
    description: row.description,
    starCount: row.star_count,
    tagCount: row.tag_count,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/**
 * Checks that there is a namespace, and that the actor may still act.
 *
 * @throws AppError `not_found`, `unauthenticated`, `inactive`
 */
export async function assertNamespace(ctx: Needs<'db'>, actor: Actor, namespace: string): Promise<void> {
  await assertStillGood(ctx, actor);
  if (!(await store.namespaceExists(ctx.db, namespace))) throw new AppError('not_found', 'No such namespace');
}

/**
 * The repositories of a namespace that the actor may find in a list, by name, and their total number.
 *
 * @param wanted.text - a part of the name; undefined: any
 * @throws AppError `not_found` when there is no such namespace; `unauthenticated`, `inactive`
 */
export async function listNamespace(
  ctx: Needs<'db'>,
  actor: Actor,
  namespace: string,
  wanted: Range & { readonly text?: string | undefined },
): Promise<{ total: number; repositories: ListedRepository[] }> {
  await assertNamespace(ctx, actor, namespace);
  const { text, limit, offset } = wanted;
  const pattern = text === undefined ? undefined : containing(text);
  const filter = { identity: finderOf(actor), namespace, pattern };
  const rows = await store.listListable(ctx.db, filter, limit, offset);
  return { total: await store.countListable(ctx.db, filter), repositories: rows.map(toListed) };
}

/** A repository as the command line lists it. */
export interface RepositorySummary extends RepositoryName {
  readonly state: RepositoryState;
  readonly visibility: Visibility;
  readonly tagCount: number;
  readonly imageCount: number;
  readonly updatedAt: Date;
}

/** All repositories, or those of one namespace, by name; only for the operator, so the policy is not asked. */
export async function listAllRepositories(
  ctx: Needs<'db'>,
  _actor: typeof OPERATOR_ACTOR,
  namespace?: string,
): Promise<RepositorySummary[]> {
  const rows = await listAll(ctx.db, namespace);
  return rows.map((row) => ({
    namespace: row.namespace,
    name: row.name,
    state: row.state,
    visibility: row.visibility,
    tagCount: row.tag_count,
    imageCount: row.image_count,
    updatedAt: row.updated_at,
  }));
}
