import type { Needs } from '../../context';
import type { Range } from '../../platform/db/query';
import { finderOf, type RepositoryName } from '../access/actor';
import { assertStillGood } from '../access/current-account';
import { parseFullName } from '../repositories/names';
import { toCard, type CardPage, type RepositoryCard } from './cards';
import { listByName } from './cards.store';
import type { Sort } from './orders';
import {
  inTurn,
  isHopeless,
  patternsOfTerm,
  searchRepositories,
  totalOfMany,
  type Searcher,
  type SearchNeeds,
} from './search';
import type { Account } from './search.store';
import * as store from './public-lists.store';
import { LAST_LOOKED_FOR, searchFirstSorted, searchSorted, type SortedRow, type SortedWanted } from './sorted.store';

/**
 * The number of public repositories. A short page is counted already; for a full one the number may be some seconds
 * old.
 */
async function countShown(ctx: Needs<'db' | 'searchTotals'>, shown: number, { limit, offset }: Range): Promise<number> {
  if (shown === 0 && offset > 0) return store.countPublic(ctx.db);
  if (shown < limit) return offset + shown;
  const counted = await ctx.searchTotals.get('explore', () => store.countPublic(ctx.db));
  return Math.max(counted, offset + shown);
}

/**
 * The public repositories that have been pushed to, official ones first. All callers see the same.
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

/** The repositories that a visitor sees first: the most pulled public ones, official ones and others separately. */
export async function featured(
  ctx: Needs<'db'>,
  limit: number,
): Promise<{ readonly official: readonly RepositoryCard[]; readonly popular: readonly RepositoryCard[] }> {
  const official = await store.listOfficial(ctx.db, limit);
  const popular = await store.listPopular(ctx.db, limit);
  return { official: official.map(toCard), popular: popular.map(toCard) };
}

/** What to search for, and how to show it. */
export interface CardsWanted {
  /** as for `searchRepositories` */
  readonly term: string;
  /** the order of `docker search`; or official ones first, and then by this */
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

async function findBest(ctx: SearchNeeds, searcher: Searcher, wanted: CardsWanted): Promise<Found> {
  const { total, hits } = await searchRepositories(ctx, searcher, wanted);
  return { total, names: hits.map(({ name }) => parseFullName(name)).filter((name) => name !== undefined) };
}

/** Finds a page of common hits without reading all repositories; undefined when that is not enough. */
async function findCommon(
  ctx: Needs<'db' | 'searchTotals'>,
  account: Account,
  wanted: SortedWanted,
): Promise<SortedRow | undefined> {
  const end = wanted.offset + wanted.limit;
  if (end > LAST_LOOKED_FOR) return undefined;
  const { found, ...page } = await searchFirstSorted(ctx.db, account, wanted);
  if (found < end) return undefined;
  return { ...page, total: await totalOfMany(ctx, account, wanted.patterns, found) };
}

async function findSorted(
  ctx: SearchNeeds,
  searcher: Searcher,
  sort: Sort,
  { term, page, pageSize }: CardsWanted,
): Promise<Found> {
  const { actor } = searcher;
  if (isHopeless(term)) {
    await assertStillGood(ctx, actor);
    return { total: 0, names: [] };
  }
  const account = finderOf(actor);
  const wanted = { patterns: patternsOfTerm(term), sort, limit: pageSize, offset: (page - 1) * pageSize };
  const row = await inTurn(
    ctx,
    searcher,
    async () => (await findCommon(ctx, account, wanted)) ?? (await searchSorted(ctx.db, account, wanted)),
  );
  if (!row.is_account) await assertStillGood(ctx, actor);
  return row;
}

/**
 * Searches as `searchRepositories` does, for people: with the numbers of pulls, and in the order of their choice. The
 * names of a page are found first, and the details after that, so that engines, which need fewer details, do not wait
 * for them.
 *
 * @throws AppError `unauthenticated`, `inactive` when the account behind the actor has ended in the meantime; `busy`
 */
export async function searchCards(ctx: SearchNeeds, searcher: Searcher, wanted: CardsWanted): Promise<CardPage> {
  const { sort } = wanted;
  const found = await (sort === 'best' ? findBest(ctx, searcher, wanted) : findSorted(ctx, searcher, sort, wanted));
  return { total: found.total, repositories: (await listByName(ctx.db, found.names)).map(toCard) };
}
