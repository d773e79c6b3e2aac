import type { View } from '../../view';

const ID = /^[1-9]\d{0,14}$/;

/** The id that a part of an address or a field of a form names; undefined for what is none. */
export function idOf(text: string | undefined | null): number | undefined {
  return typeof text === 'string' && ID.test(text) ? Number(text) : undefined;
}

/** The way to what is older, and back to what is latest, of a list that is paged by its ids. */
export function Older({
  path,
  query = {},
  before,
  next,
}: {
  readonly path: string;
  /** what else the address has; empty ones are left out */
  readonly query?: Readonly<Record<string, string>>;
  /** of this page; undefined: it is the latest */
  readonly before: number | undefined;
  /** of the page of older ones; undefined: there is none */
  readonly next: number | undefined;
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
