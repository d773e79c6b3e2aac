import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

export type AccountKind = 'user' | 'organization';

export interface AccountRow {
  name: string;
  kind: AccountKind;
  full_name: string;
  location: string;
  company: string;
}

export interface AccountsRow {
  users: number;
  organizations: number;
  accounts: AccountRow[];
}

/** The pattern of a word, and the pattern of a word with a blank before it. */
export interface WordPatterns {
  readonly pattern: string;
  /** only for a word that is too short to be looked for in the middle of other words */
  readonly later: string | undefined;
}

/** The search: accounts whose names match all words. */
export interface AccountsWanted {
  readonly words: readonly WordPatterns[];
  /** undefined: both */
  readonly kind: AccountKind | undefined;
  /** comes first */
  readonly exact: string;
  /** comes after that */
  readonly prefix: string;
  readonly limit: number;
  readonly offset: number;
}

/** Word for word as in the index `namespaces_search`. */
const TEXT = `lower(n.name || ' ' || n.full_name)`;

const FIRST_WORD = 6;

/** A condition for each word: two patterns, of which a long word has the same one twice. */
function matches(words: number): string {
  const pairs = Array.from({ length: words }, (_, index) => [FIRST_WORD + 2 * index, FIRST_WORD + 2 * index + 1]);
  return pairs.map(([one, other]) => `and (${TEXT} like lower($${one}) or ${TEXT} like lower($${other}))`).join(' ');
}

/** Robots have no namespace, so only users and organizations are found. */
export function accountsSql(words: number): string {
  return `with hits as materialized (
      select n.name, n.kind, n.full_name, n.location, n.company
      from namespaces n left join users u on u.id = n.owner_id
      where n.kind in ('user', 'organization') and (n.kind = 'organization' or u.is_active) ${matches(words)}
    ), page as (
      select * from hits where $1::text is null or kind = $1
      order by name = $2 desc, name like $3 desc, name collate "C" limit $4 offset $5
    )
    select (select count(*) from hits where kind = 'user') as users,
      (select count(*) from hits where kind = 'organization') as organizations,
      coalesce((select json_agg(page) from page), '[]') as accounts`;
}

/** Not prepared: one plan for all words is bad for some of them. */
export async function searchAccounts(db: Db, wanted: AccountsWanted): Promise<AccountsRow> {
  const { words, kind, exact, prefix, limit, offset } = wanted;
  const patterns = words.flatMap(({ pattern, later = pattern }) => [pattern, later]);
  const values = [kind ?? null, exact, prefix, limit, offset, ...patterns];
  const [row] = await query<AccountsRow>(db, accountsSql(words.length), values);
  return row ?? { users: 0, organizations: 0, accounts: [] };
}
