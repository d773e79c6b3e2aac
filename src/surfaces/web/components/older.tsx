import type { View } from '../view';

const ID = /^[1-9]\d{0,14}$/;

/** The id in a part of a path or a field of a form; undefined if it is not an id. */
export function idOf(text: string | undefined | null): number | undefined {
  return typeof text === 'string' && ID.test(text) ? Number(text) : undefined;
}

/** Links to the older and to the latest items of a list that is paged by ids. */
export function Older({
  path,
  query = {},
  before,
  next,
}: {
  readonly path: string;
  /** other parameters of the path; empty ones are left out */
  readonly query?: Readonly<Record<string, string>>;
  /** the `before` of this page; undefined: this is the latest page, or the list has no link to that */
  readonly before?: number | undefined;
  /** the `before` of the page with older items; undefined: there is none */
  readonly next: number | string | undefined;
}): View {
  if (before === undefined && next === undefined) return <></>;
  const kept = Object.entries(query).filter(([, value]) => value !== '');
  const hrefOf = (more: [string, string][]): string => {
    const parameters = new URLSearchParams([...kept, ...more]).toString();
    return parameters === '' ? path : `${path}?${parameters}`;
  };
  return (
    <nav class="paging" aria-label="Pages">
      {before === undefined ? <span></span> : <a href={hrefOf([])}>Latest</a>}
      {next === undefined ? (
        <span></span>
      ) : (
        <a rel="next" href={hrefOf([['before', String(next)]])}>
          Older
        </a>
      )}
    </nav>
  );
}
