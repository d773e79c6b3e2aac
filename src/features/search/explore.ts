import type { Needs } from '../../context';
import type { Range } from '../../platform/db/query';
import { identityOf, type Actor, type RepositoryName } from '../accounts/actor';
import { getAccount } from '../accounts/current-account';
import { parseFullName } from '../repositories/names';
import { toCard, type CardPage, type RepositoryCard } from './cards';
import * as store from './cards.store';
import { patternsOfTerm, searchRepositories } from './search';
import { searchSorted } from './sorted.store';

/** The most pulled repositories, among which enough are public and not official: nearly always. */
const LOOKED_AT = 500;

/** How many are public; those of a short page are counted already, and for a full one it may be some seconds old. */
async function countShown(ctx: Needs<'db' | 'searchTotals'>, shown: number, { limit, offset }: Range): Promise<number> {
  if (shown === 0 && offset > 0) return store.countPublic(ctx.db);
  if (shown < limit) return offset + shown;
  const counted = await ctx.searchTotals.get('explore', () => store.countPublic(ctx.db));
  return Math.max(counted, offset + shown);
}

/**
 * The public repositories that something was pushed to, official ones first. Anybody sees the same.
 *
 * @param wanted.sort - the most pulled, the most starred or the newest first
 */
export async function explore(
  ctx: Needs<'db' | 'searchTotals'>,
  { sort, limit, offset }: Range & { readonly sort: 'pulls' | 'stars' | 'newest' },
): Promise<CardPage> {
  const rows = await store.listPublic(ctx.db, sort, { limit, offset });
  return { total: await countShown(ctx, rows.length, { limit, offset }), repositories: rows.map(toCard) };
}

/** What a visitor sees first: the most pulled public repositories, the official ones and the others apart. */
export async function featured(
  ctx: Needs<'db'>,
  limit: number,
): Promise<{ readonly official: readonly RepositoryCard[]; readonly popular: readonly RepositoryCard[] }> {
  const official = await store.listOfficial(ctx.db, limit);
  let popular = await store.listPopular(ctx.db, limit, LOOKED_AT);
  if (popular.length < limit) popular = await store.listPopular(ctx.db, limit);
  return { official: official.map(toCard), popular: popular.map(toCard) };
}

/** What to search for, and how to show it. */
export interface CardsWanted {
  /** as of `searchRepositories` */
  readonly term: string;
  /** the order of `docker search`; or official ones first, and then the most of this */
  readonly sort: 'best' | 'stars' | 'pulls' | 'updated';
  /** from 1 */
  readonly page: number;
  /** from 1 */
  readonly pageSize: number;
}

interface Found {
  readonly total: number;
  readonly names: readonly RepositoryName[];
}

async function findBest(ctx: Needs<'db' | 'searchTotals'>, actor: Actor, wanted: CardsWanted): Promise<Found> {
  const { total, hits } = await searchRepositories(ctx, actor, wanted);
  return { total, names: hits.map(({ name }) => parseFullName(name)).filter((name) => name !== undefined) };
}

async function findSorted(
  ctx: Needs<'db'>,
  actor: Actor,
  sort: store.Sort,
  { term, page, pageSize }: CardsWanted,
): Promise<Found> {
  const account = identityOf(actor);
  const range = { limit: pageSize, offset: (page - 1) * pageSize };
  const row = await searchSorted(ctx.db, account, { patterns: patternsOfTerm(term), sort }, range);
  if (!row.is_account && account !== undefined) await getAccount(ctx, actor);
  return row;
}

/**
 * Searches as `searchRepositories` does, for people: with numbers of pulls, and in the order that they like. The names
 * of a page are found first, and what is shown of them after: engines, which ask for less, wait for none of it.
 *
 * @throws AppError `unauthenticated`, `inactive` when the account behind the actor has ended meanwhile
 */
export async function searchCards(
  ctx: Needs<'db' | 'searchTotals'>,
  actor: Actor,
  wanted: CardsWanted,
): Promise<CardPage> {
  const { sort } = wanted;
  const found = await (sort === 'best' ? findBest(ctx, actor, wanted) : findSorted(ctx, actor, sort, wanted));
  return { total: found.total, repositories: (await store.listByName(ctx.db, found.names)).map(toCard) };
}
