import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { Context } from '../../context';
import { ownOrigin } from '../../platform/http/own-origin';
import { splitUrl } from '../../platform/http/url';

const PAGE_SIZE = { default: 25, max: 100 };
const LAST_PAGE = 1_000_000;

/** The query parameters of every list. */
export const pageQuery = {
  page: z.coerce.number().int().min(1).max(LAST_PAGE).default(1),
  page_size: z.coerce.number().int().min(1).max(PAGE_SIZE.max).default(PAGE_SIZE.default),
};

/** A filter that is on or off. */
export const booleanQuery = z
  .enum(['true', 'false'])
  .transform((value) => value === 'true')
  .optional();

/** A page of a list, as the Hub's later API had it. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.strictObject({
    count: z.int().describe('Total number on all pages'),
    next: z.url().nullable(),
    previous: z.url().nullable(),
    results: z.array(item),
  });
}

/** The query parameters of a list that grows at its front: pages with numbers would shift while someone reads them. */
export const feedQuery = {
  before: z.coerce.number().int().min(1).optional().describe('The value from `next`: only older items'),
  page_size: pageQuery.page_size,
};

/** A page of a list that grows at its front. */
export function feedOf<T extends z.ZodType>(item: T) {
  return z.strictObject({
    next: z.url().nullable().describe('Link to older items; the last page can be empty'),
    results: z.array(item),
  });
}

/** The value of `before` for the next page; undefined: this page is the last. */
export function olderThan(found: readonly { readonly id: number }[], query: { page_size: number }): number | undefined {
  return found.length < query.page_size ? undefined : found.at(-1)?.id;
}

/** A page of a list that grows, with a link to older items. */
export function fed<T>(
  ctx: Context,
  req: IncomingMessage,
  next: number | undefined,
  results: T[],
): { next: string | null; results: T[] } {
  return { next: next === undefined ? null : linkWith(ctx, req, 'before', next), results };
}

/** The limit and offset of a page, for queries. */
export function rangeOf(query: { page: number; page_size: number }): { limit: number; offset: number } {
  return { limit: query.page_size, offset: (query.page - 1) * query.page_size };
}

/** The URL of the request with another value of a query parameter. */
export function linkWith(ctx: Context, req: IncomingMessage, name: string, value: number): string {
  const { path, query } = splitUrl(req.url ?? '');
  const parameters = new URLSearchParams(query);
  parameters.set(name, String(value));
  return `${ownOrigin(req, ctx.settings)}${path}?${parameters.toString()}`;
}

/** A page of a list, with links to its neighbours. */
export function paged<T>(
  ctx: Context,
  { req, query }: { req: IncomingMessage; query: { page: number; page_size: number } },
  count: number,
  results: T[],
): { count: number; next: string | null; previous: string | null; results: T[] } {
  const linkTo = (page: number): string => linkWith(ctx, req, 'page', page);
  const last = Math.max(1, Math.ceil(count / query.page_size));
  return {
    count,
    next: query.page < last ? linkTo(query.page + 1) : null,
    previous: query.page > 1 ? linkTo(Math.min(query.page - 1, last)) : null,
    results,
  };
}

/** A page of a list that is short enough to be read whole, with links to its neighbours. */
export function pagedWhole<T>(
  ctx: Context,
  input: { req: IncomingMessage; query: { page: number; page_size: number } },
  all: readonly T[],
): { count: number; next: string | null; previous: string | null; results: T[] } {
  const { limit, offset } = rangeOf(input.query);
  return paged(ctx, input, all.length, all.slice(offset, offset + limit));
}
