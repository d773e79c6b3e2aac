import type { Needs } from '../../context';
import { containing } from '../../platform/db/query';
import { finderOf, type Actor } from '../access/actor';
import { assertStillGood } from '../access/current-account';
import { networkOf } from '../accounts/login-limits';
import { displayName, LIBRARY, parseFullName } from '../repositories/names';
import * as store from './search.store';

/** One repository that was found. */
export interface SearchHit {
  /** without `library/` */
  readonly name: string;
  readonly description: string;
  readonly starCount: number;
  readonly isOfficial: boolean;
  readonly isAutomated: boolean;
}

/** One page of hits, and the total number. */
export interface SearchPage {
  readonly total: number;
  readonly hits: readonly SearchHit[];
}

/** A term with more words is looked for by its first ones. */
export const MAX_WORDS = 8;

/** No name with its description is that long, so no repository can match such a word. */
const LONGEST_WORD = 1000;

/** What a search needs. */
export type SearchNeeds = Needs<'db' | 'searchTotals' | 'rareSearches' | 'searches'>;

/** The client that searches, and how long it waits. */
export interface Searcher {
  readonly actor: Actor;
  /** aborted when the client no longer waits */
  readonly signal: AbortSignal;
}

/**
 * Runs a search when it is the searcher's turn. Only a few run at once, because each takes a database connection, and
 * pushes and pulls need these connections too.
 *
 * @throws AppError `busy`; the reason of the signal; what `search` throws
 */
export async function inTurn<T>(ctx: SearchNeeds, { actor, signal }: Searcher, search: () => Promise<T>): Promise<T> {
  return ctx.searches.run(networkOf(actor.address), signal, search);
}

/** Whether a term has a word that no repository can match. */
export function isHopeless(term: string): boolean {
  return wordsOf(term).some((word) => word.length > LONGEST_WORD);
}

const LIBRARY_PREFIX = new RegExp(`^${LIBRARY}/(?=.)`);

/** The words of a term, as they were typed. */
export function splitTerm(term: string): string[] {
  const plain = term.replaceAll('\0', ' '); // Postgres keeps no NUL in text
  return plain.split(/\s+/).filter((word) => word !== '');
}

/**
 * The words of a term, in lower case. Official images are listed without the prefix, and can be searched for with it.
 */
function wordsOf(term: string): string[] {
  return splitTerm(term.toLowerCase()).map((word) => word.replace(LIBRARY_PREFIX, ''));
}

function patternsOf(words: readonly string[]): string[] {
  return words.slice(0, MAX_WORDS).map(containing);
}

/** The patterns that a hit has to match, one for each word of a term. */
export function patternsOfTerm(term: string): string[] {
  return patternsOf(wordsOf(term));
}

/** What the number of hits depends on. */
function keyOf(account: store.Account, patterns: readonly string[]): string {
  return JSON.stringify([account?.userId, account?.credentialsEpoch, account?.accessTokenId, patterns]);
}

/** The total number of hits, at least those found; it may be some seconds old. */
export async function totalOfMany(
  ctx: Needs<'db' | 'searchTotals'>,
  account: store.Account,
  patterns: readonly string[],
  found: number,
): Promise<number> {
  const key = keyOf(account, patterns);
  const counted = await ctx.searchTotals.get(key, () => store.countHits(ctx.db, account, patterns));
  return Math.max(counted, found);
}

/**
 * Finds a page of common hits without reading all repositories. Its total may be some seconds old, because counting
 * takes longer than finding. A search that is known to be rare is not tried: that takes longer than to read its hits by
 * the index.
 *
 * @returns undefined when that is not enough
 */
async function searchCommon(
  ctx: Needs<'db' | 'searchTotals' | 'rareSearches'>,
  account: store.Account,
  wanted: store.Wanted,
): Promise<store.AllRow | undefined> {
  const end = wanted.offset + wanted.limit;
  const key = keyOf(account, wanted.patterns);
  if (end > store.LOOKED_AT || end > (ctx.rareSearches.get(key) ?? Infinity)) return undefined;
  const { found, ...page } = await store.searchFirst(ctx.db, account, wanted);
  if (found < end) {
    ctx.rareSearches.set(key, found);
    return undefined;
  }
  return { ...page, total: await totalOfMany(ctx, account, wanted.patterns, found) };
}

/**
 * Searches names and descriptions for all words of a term, in any order and case; an empty term finds everything.
 * Repositories that the actor may not read are never found. The repository whose whole name is the term comes first,
 * with or without `library/`; then as in protocol 2.13 by stars, then by name.
 *
 * @param wanted.page - from 1
 * @param wanted.pageSize - from 1
 * @throws AppError `unauthenticated`, `inactive` when the account behind the actor has ended in the meantime; `busy`
 */
export async function searchRepositories(
  ctx: SearchNeeds,
  searcher: Searcher,
  wanted: { readonly term: string; readonly page: number; readonly pageSize: number },
): Promise<SearchPage> {
  if (isHopeless(wanted.term)) {
    await assertStillGood(ctx, searcher.actor);
    return { total: 0, hits: [] };
  }
  return inTurn(ctx, searcher, () => findPage(ctx, searcher.actor, wanted));
}

async function findPage(
  ctx: SearchNeeds,
  actor: Actor,
  { term, page, pageSize }: { readonly term: string; readonly page: number; readonly pageSize: number },
): Promise<SearchPage> {
  const words = wordsOf(term);
  const patterns = patternsOf(words);
  const wanted = { patterns, exact: parseFullName(words.join(' ')), limit: pageSize, offset: (page - 1) * pageSize };
  const account = finderOf(actor);
  const row = (await searchCommon(ctx, account, wanted)) ?? (await store.searchAll(ctx.db, account, wanted));
  if (!row.is_account) await assertStillGood(ctx, actor);
  return {
    total: row.total,
    hits: row.hits.map((hit) => ({
      name: displayName(hit),
      description: hit.description,
      starCount: hit.star_count,
      isOfficial: hit.namespace === LIBRARY,
      isAutomated: hit.is_automated,
    })),
  };
}
