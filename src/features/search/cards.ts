import type { Needs } from '../../context';
import { containing, type Range } from '../../platform/db/query';
import { finderOf, type Actor, type RepositoryName } from '../access/actor';
import { getAccount } from '../access/current-account';
import type { Visibility } from '../access/policy';
import { assertNamespace } from '../repositories/listings';
import { LIBRARY } from '../repositories/names';
import type { RepositoryState } from '../repositories/repository-access-row';
import * as store from './cards.store';

/** A repository in a list for people. */
export interface RepositoryCard extends RepositoryName {
  readonly description: string;
  readonly visibility: Visibility;
  readonly state: RepositoryState;
  readonly isOfficial: boolean;
  readonly isAutomated: boolean;
  readonly starCount: number;
  /** of all time, a few seconds ago */
  readonly pullCount: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A page of repositories, and the number of repositories on all pages. */
export interface CardPage {
  readonly total: number;
  readonly repositories: readonly RepositoryCard[];
}

/** A card of a row. */
export function toCard(row: store.CardRow): RepositoryCard {
  return {
    namespace: row.namespace,
    name: row.name,
    description: row.description,
    visibility: row.visibility,
    state: row.state,
    isOfficial: row.namespace === LIBRARY,
    isAutomated: row.is_automated,
    starCount: row.star_count,
    pullCount: row.pull_count,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/**
 * The repositories of a namespace that the actor may find in a list; last changed first.
 *
 * @param wanted.text - a part of the name; undefined: any
 * @throws AppError `not_found` when there is no such namespace; `unauthenticated`, `inactive`
 */
export async function repositoriesOf(
  ctx: Needs<'db'>,
  actor: Actor,
  namespace: string,
  { text, limit, offset }: Range & { readonly text?: string | undefined },
): Promise<CardPage> {
  await assertNamespace(ctx, actor, namespace);
  const pattern = text === undefined ? undefined : containing(text.toLowerCase());
  const wanted = { namespace, pattern };
  const { total, rows } = await store.listOfNamespace(ctx.db, finderOf(actor), wanted, { limit, offset });
  return { total, repositories: rows.map(toCard) };
}

/**
 * The repositories that the actor collaborates on, in namespaces of others; last changed first.
 *
 * @throws AppError `unauthenticated`, `inactive`, `forbidden` for an access token for some repositories
 */
export async function repositoriesSharedWith(ctx: Needs<'db'>, actor: Actor, range: Range): Promise<CardPage> {
  const { userId, accessToken } = await getAccount(ctx, actor);
  const { total, rows } = await store.listShared(ctx.db, { userId, accessTokenId: accessToken?.id }, range);
  return { total, repositories: rows.map(toCard) };
}
