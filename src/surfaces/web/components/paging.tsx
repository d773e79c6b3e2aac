import type { Range } from '../../../platform/db/query';
import type { View } from '../view';
import { formatCount } from './quantities';

const PAGE_SIZE = 25;
const LAST_PAGE = 1_000_000;

/** The page of a list that is requested, counted from 1. */
export interface PageAsked extends Range {
  readonly page: number;
}

/** Reads `?page=` of a list; a value that is not the number of a page means the first. */
export function pageAsked(query: URLSearchParams, size = PAGE_SIZE): PageAsked {
  const given = Number(query.get('page') ?? '1');
  const page = Number.isInteger(given) && given >= 1 && given <= LAST_PAGE ? given : 1;
  return { page, limit: size, offset: (page - 1) * size };
}

/** Links to the previous and next pages; nothing if there is only one page. */
export function Paging({
  asked,
  total,
  path,
  query = {},
}: {
  readonly asked: PageAsked;
  readonly total: number;
  readonly path: string;
  /** other parameters of the path, such as filters; empty ones are left out */
  readonly query?: Readonly<Record<string, string | undefined>>;
}): View {
  const pages = Math.ceil(total / asked.limit);
  if (pages <= 1 && asked.page === 1) return <></>;
  const hrefOf = (page: number): string => {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query))
      if (value !== undefined && value !== '') parameters.set(name, value);
    parameters.set('page', String(page));
    return `${path}?${parameters.toString()}`;
  };
  return (
    <nav class="paging" aria-label="Pages">
      {asked.page > 1 ? (
        <a rel="prev" href={hrefOf(Math.min(asked.page - 1, Math.max(pages, 1)))}>
          Previous
        </a>
      ) : (
        <span></span>
      )}
      <span>
        Page {formatCount(asked.page)} of {formatCount(Math.max(pages, 1))}
      </span>
      {asked.page < pages ? (
        <a rel="next" href={hrefOf(asked.page + 1)}>
          Next
        </a>
      ) : (
        <span></span>
      )}
    </nav>
  );
}
