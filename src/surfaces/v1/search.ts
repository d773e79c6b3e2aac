import { z } from 'zod';
import { readsOnlyStrings } from './engine';
import { searchRepositories, type SearchHit } from '../../features/search/search';
import { json } from '../../platform/http/exchange';
import type { V1Handler } from './access';
import { headerOf } from './requests';

/** The sizes of the Hub's pages. */
const PAGE_SIZE = { default: 25, max: 100 };

/**
 * The number of hits in an answer to a search that asks for no page. Docker's own registry answered everything, and
 * tools that migrate from one rely on it; so do engines up to 1.11, which cannot ask for a page.
 */
const EVERYTHING = 1000;

/** A number that cannot be parsed counts as absent; a number beyond the bounds counts as the bound. */
function bounded(min: number, max: number, fallback: number): z.ZodType<number> {
  return z.coerce
    .number()
    .int()
    .transform((value) => Math.min(Math.max(value, min), max))
    .catch(fallback);
}

/** `?n=` counts as absent; zod would read it as 0. */
function numberText(value: string | null): string | undefined {
  return value === null || value.trim() === '' ? undefined : value;
}

const parameters = z.object({
  q: z.string().catch(''),
  n: bounded(1, PAGE_SIZE.max, PAGE_SIZE.default),
  page: bounded(1, 1_000_000, 1),
});

function toResult(hit: SearchHit): Record<string, unknown> {
  return {
    name: hit.name,
    description: hit.description,
    star_count: hit.starCount,
    is_official: hit.isOfficial,
    is_trusted: hit.isAutomated,
    is_automated: hit.isAutomated,
  };
}

/**
 * `GET /v1/search` (protocol 2.13): pages as the Hub had them if the request has `n` or `page`, otherwise all hits up
 * to 1,000. Docker up to 0.6.5 decodes only results of strings.
 */
export const search: V1Handler<'index'> = async (ctx, { req, query, caller, signal }) => {
  const wanted = parameters.parse({
    q: query.get('q') ?? '',
    n: numberText(query.get('n')),
    page: numberText(query.get('page')),
  });
  const { q, page } = wanted;
  const n = query.has('n') || query.has('page') ? wanted.n : EVERYTHING;
  const { total, hits } = await searchRepositories(ctx, { actor: caller, signal }, { term: q, page, pageSize: n });
  const onlyStrings = readsOnlyStrings(headerOf(req, 'user-agent'));
  const results = onlyStrings ? hits.map(({ name, description }) => ({ name, description })) : hits.map(toResult);
  const pages = Math.ceil(total / n);
  return json(200, { query: q, num_results: total, num_pages: pages, page, page_size: n, results });
};
